import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createNetworks } from "../../src/sources/networks.js";
import { assertUri, type SourceRules } from "../../src/sources/uri.js";
import { loadConfig } from "../../src/config.js";
import { UserFault } from "../../src/errors.js";
import { openFile } from "../../src/sources/file-source.js";

const FIELD = ["documents", "0", "uri"];
const byDefault: SourceRules = { fileRoots: [], networks: createNetworks([]), s3Sources: [] };

function rules(settings: Record<string, string>): SourceRules {
  const { fileRoots, allowedNetworks, s3Sources } = loadConfig(settings);
  return { fileRoots, networks: createNetworks(allowedNetworks), s3Sources };
}

/** Why it is refused; null where it is not. */
async function refusal(uri: string, given: SourceRules = byDefault): Promise<string | null> {
  try {
    await assertUri(uri, given, FIELD);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(UserFault);
    expect(error).toMatchObject({ code: "URI_REFUSED", path: FIELD });
    return (error as UserFault).message;
  }
}

describe("H1: an http: or https: source is refused when it is added:", () => {
  test.each<[string, string, RegExp]>([
    ["loopback", "http://127.0.0.1/", /127\.0\.0\.1 is not a public address/],
    ["the far end of loopback", "http://127.255.255.254/", /not a public address/],
    ["loopback with the port of something inside", "http://127.0.0.1:6379/", /not a public address/],
    ["loopback in decimal", "http://2130706433/", /127\.0\.0\.1 is not a public/],
    ["loopback in hexadecimal", "http://0x7f000001/", /127\.0\.0\.1 is not a public/],
    ["loopback in hexadecimal parts", "http://0x7f.0x0.0x0.0x1/", /127\.0\.0\.1 is not a public/],
    ["loopback in octal", "http://0177.0.0.01/", /127\.0\.0\.1 is not a public/],
    ["loopback in one octal number", "http://017700000001/", /127\.0\.0\.1 is not a public/],
    ["loopback cut short", "http://127.1/", /127\.0\.0\.1 is not a public/],
    ["loopback with a dot at its end", "http://127.0.0.1./", /127\.0\.0\.1 is not a public/],
    ["loopback percent-encoded", "http://%31%32%37.0.0.1/", /127\.0\.0\.1 is not a public/],
    ["loopback in full-width digits", "http://１２７.０.０.１/", /127\.0\.0\.1 is not a public/],
    ["loopback in circled digits", "http://①②⑦.⓪.⓪.①/", /127\.0\.0\.1 is not a public/],
    ["loopback with the ideographic full stop", "http://127。0。0。1/", /127\.0\.0\.1 is not a public/],
    ["loopback behind backslashes", "http:\\\\127.0.0.1\\", /127\.0\.0\.1 is not a public/],
    ["loopback with tabs in it", "http://127.0\t.0.1/", /127\.0\.0\.1 is not a public/],
    ["loopback without slashes", "http:127.0.0.1", /127\.0\.0\.1 is not a public/],
    ["localhost", "http://localhost/", /this machine/],
    ["localhost with a dot at its end", "http://LocalHost./", /this machine/],
    ["a name below localhost", "https://db.localhost/", /this machine/],
    ["this network", "http://0.0.0.0/", /not a public address/],
    ["this network cut short", "http://0/", /0\.0\.0\.0 is not a public/],
    ["private, of class A", "http://10.0.0.1/", /not a public address/],
    ["private, of class B, from its first", "http://172.16.0.0/", /not a public address/],
    ["private, of class B, to its last", "http://172.31.255.255/", /not a public address/],
    ["private, of class C", "https://192.168.1.1/", /not a public address/],
    ["private, in decimal", "http://3232235777/", /192\.168\.1\.1 is not a public/],
    [
      "link-local, where clouds keep their metadata",
      "http://169.254.169.254/latest/meta-data/",
      /not a public address/,
    ],
    ["the same in hexadecimal", "http://0xA9FEA9FE/", /169\.254\.169\.254 is not a public/],
    ["the same, mapped", "http://[::ffff:169.254.169.254]/", /not a public address/],
    ["carrier-grade NAT", "http://100.64.0.1/", /not a public address/],
    ["the metadata of another cloud", "http://100.100.100.200/", /not a public address/],
    ["protocol assignments", "http://192.0.0.192/", /not a public address/],
    ["documentation 1", "http://192.0.2.1/", /not a public address/],
    ["documentation 2", "http://198.51.100.1/", /not a public address/],
    ["documentation 3", "http://203.0.113.1/", /not a public address/],
    ["6to4 relays", "http://192.88.99.1/", /not a public address/],
    ["benchmarks", "http://198.19.255.255/", /not a public address/],
    ["multicast", "http://224.0.0.1/", /not a public address/],
    ["reserved", "http://240.0.0.1/", /not a public address/],
    ["broadcast", "http://255.255.255.255/", /not a public address/],
    ["IPv6 loopback", "http://[::1]/", /::1 is not a public address/],
    ["IPv6 loopback in full", "http://[0:0:0:0:0:0:0:1]/", /::1 is not a public address/],
    ["IPv6 unspecified", "http://[::]/", /not a public address/],
    ["IPv6 mapped loopback", "http://[::ffff:127.0.0.1]/", /not a public address/],
    ["IPv6 mapped loopback in hexadecimal", "http://[::ffff:7f00:1]/", /not a public address/],
    ["IPv6 mapped private", "http://[::ffff:10.0.0.1]/", /not a public address/],
    ["IPv6 mapped, though what is mapped is public", "http://[::ffff:8.8.8.8]/", /not a public address/],
    ["IPv6 compatible loopback", "http://[::127.0.0.1]/", /not a public address/],
    ["IPv6 translated loopback", "http://[::ffff:0:127.0.0.1]/", /not a public address/],
    ["NAT64 of loopback", "http://[64:ff9b::127.0.0.1]/", /not a public address/],
    ["NAT64 with a prefix of its own", "http://[64:ff9b:1::10.0.0.1]/", /not a public address/],
    ["6to4 of a private address", "http://[2002:c0a8:101::1]/", /not a public address/],
    ["Teredo", "http://[2001:0:7f00:1::]/", /not a public address/],
    ["ORCHID", "http://[2001:20::1]/", /not a public address/],
    ["IPv6 documentation", "http://[2001:db8::1]/", /not a public address/],
    ["IPv6 documentation, the new one", "http://[3fff:fff::1]/", /not a public address/],
    ["IPv6 discard", "http://[100::1]/", /not a public address/],
    ["IPv6 unique local", "http://[fc00::1]/", /not a public address/],
    ["the IPv6 metadata of a cloud", "http://[fd00:ec2::254]/", /not a public address/],
    ["IPv6 link-local", "http://[fe80::1]/", /not a public address/],
    ["IPv6 site-local", "http://[fec0::1]/", /not a public address/],
    ["IPv6 multicast", "http://[ff02::1]/", /not a public address/],
    ["IPv6 segment routing", "http://[5f00::1]/", /not a public address/],
    ["another port of a public address", "http://1.1.1.1:8080/", /port 8080 is not allowed/],
    ["another port of a name", "https://example.org:22/", /port 22 is not allowed/],
    ["credentials", "https://user:secret@example.org/", /contains credentials/],
    ["a name alone as credentials", "http://example.org@127.0.0.1/", /contains credentials/],
    ["an IPv6 zone", "http://[fe80::1%25eth0]/", /not an absolute URI/],
    ["no host", "http://", /not an absolute URI/],
    ["a scheme that is none of ours", "ftp://example.org/a", /scheme ftp: is not supported/],
    ["another one", "gopher://127.0.0.1:6379/_INFO", /scheme gopher: is not supported/],
    ["data", "data:text/plain,hello", /scheme data: is not supported/],
    ["no URI at all", "example.org/a.pdf", /not an absolute URI/],
    ["U+0000", "https://example.org/\0", /U\+0000/],
    ["what is too long", `https://example.org/${"a".repeat(8_000)}`, /the limit is 8000/],
  ])("%s", async (_what, uri, why) => {
    expect(await refusal(uri)).toMatch(why);
  });

  test("and the refusal does not repeat the credentials", async () => {
    expect(await refusal("https://user:secret@example.org/")).toContain("https://…@example.org/ is not allowed");
    expect(await refusal("https://user:sec/ret@example.org/")).not.toContain("secret");
  });
});

describe("an http: or https: source is taken when it is added:", () => {
  test.each([
    "https://example.org/a.pdf?x=1#y",
    "http://example.org:80/",
    "https://example.org:443/",
    "http://1.1.1.1/",
    "http://8.8.8.8:443/",
    "http://172.15.255.255/",
    "http://172.32.0.0/",
    "http://100.63.255.255/",
    "http://100.128.0.0/",
    "http://223.255.255.255/",
    "https://[2606:4700:4700::1111]/",
    "https://[2001:200::1]/",
    "https://[2a00:1450:4001::200e]/",
    "https://bücher.example/",
  ])("%s", async (uri) => {
    expect(await refusal(uri)).toBeNull();
  });

  test("what lies in an allowed network, at any port, and nothing beside it", async () => {
    const given = rules({ HEADWAY_ALLOWED_NETWORKS: "10.1.0.0/16, 127.0.0.1, fd12::/16" });
    for (const uri of [
      "http://10.1.2.3:8080/",
      "http://127.0.0.1:9000/",
      "http://localhost:9000/",
      "http://[fd12::1]/",
      "http://[::ffff:10.1.2.3]/",
      "http://intranet.example:8080/",
    ]) {
      expect([uri, await refusal(uri, given)]).toEqual([uri, null]);
    }
    for (const uri of ["http://10.2.0.1/", "http://127.0.0.2/", "http://[fd13::1]/", "http://1.1.1.1:8080/"]) {
      expect([uri, await refusal(uri, given)]).toEqual([uri, expect.stringContaining("is not allowed")]);
    }
  });

  test("networks that are none stop the start, by name", () => {
    for (const wrong of ["10.0.0.0/33", "fd00::/129", "10.0.0", "intranet", "10.0.0.0/8/8", "/8"]) {
      expect(() => loadConfig({ HEADWAY_ALLOWED_NETWORKS: `10.0.0.0/8,${wrong}` })).toThrow(`"${wrong}" is none`);
    }
  });
});

describe("H2: a file: source", () => {
  let folder: string;
  let given: SourceRules;
  const uriOf = (...parts: string[]): string => pathToFileURL(path.join(folder, ...parts)).href;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "headway-sources-"));
    await mkdir(path.join(folder, "root", "below"), { recursive: true });
    await mkdir(path.join(folder, "root-2"));
    await writeFile(path.join(folder, "secret.txt"), "secret");
    await writeFile(path.join(folder, "root-2", "b.txt"), "beside");
    await writeFile(path.join(folder, "root", "a.txt"), "good");
    await writeFile(path.join(folder, "root", "..dots.txt"), "dots");
    await symlink(path.join(folder, "secret.txt"), path.join(folder, "root", "link"));
    await symlink(folder, path.join(folder, "root", "folder-link"));
    await symlink("loop", path.join(folder, "root", "loop"));
    await symlink("a.txt", path.join(folder, "root", "inside"));
    execFileSync("mkfifo", [path.join(folder, "root", "pipe")]);
    given = { ...byDefault, fileRoots: [path.join(folder, "root")] };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each<[string, () => string, RegExp]>([
    ["outside the roots", () => uriOf("secret.txt"), /outside the folders/],
    ["that climbs", () => `${uriOf("root")}/../secret.txt`, /outside the folders/],
    ["that climbs percent-encoded", () => `${uriOf("root")}/%2e%2e/secret.txt`, /outside the folders/],
    ["that climbs behind an encoded slash", () => `${uriOf("root")}/..%2fsecret.txt`, /is not allowed/],
    ["that climbs from deeper", () => `${uriOf("root", "below")}/../../secret.txt`, /outside the folders/],
    ["with U+0000", () => `${uriOf("root")}/a.txt%00.pdf`, /is not allowed/],
    ["that is a link out of the root", () => uriOf("root", "link"), /points outside/],
    ["behind a folder's link out of the root", () => uriOf("root", "folder-link", "secret.txt"), /points outside/],
    ["in a folder that only begins like the root", () => uriOf("root-2", "b.txt"), /outside the folders/],
    ["on another machine", () => "file://server/share/a.txt", /is not allowed/],
  ])("%s is refused when it is added, and when it is read", async (_what, uri, why) => {
    expect(await refusal(uri(), given)).toMatch(why);
    await expect(openFile(uri(), given.fileRoots)).rejects.toMatchObject({ code: "URI_REFUSED" });
  });

  test("is refused where no root is open", async () => {
    expect(await refusal(uriOf("root", "a.txt"))).toMatch(/add folders to HEADWAY_FILE_ROOTS/);
  });

  test.each(["a.txt", "inside", "..dots.txt", "below/../a.txt"])("%s below the root is read", async (name) => {
    const uri = `${uriOf("root")}/${name}`;
    expect(await refusal(uri, given)).toBeNull();
    expect(await text(await openFile(uri, given.fileRoots))).toMatch(/good|dots/);
  });

  test.each(["missing.txt", "below", "pipe", "loop"])("%s is taken, and is NOT_READABLE at once", async (name) => {
    expect(await refusal(uriOf("root", name), given)).toBeNull();
    await expect(openFile(uriOf("root", name), given.fileRoots)).rejects.toMatchObject({ code: "NOT_READABLE" });
  });
});

describe("H2: an s3: source", () => {
  const given = rules({ HEADWAY_S3_SOURCES: "s3://papers/in/, s3://open" });
  test.each<[string, string, RegExp]>([
    ["in another bucket", "s3://secrets/a", /outside the places/],
    ["beside the folder", "s3://papers/out/a", /outside the places/],
    ["in a folder that only begins alike", "s3://papers/in-2/a", /outside the places/],
    ["that climbs", "s3://papers/in/../out/a", /outside the places/],
    ["that climbs encoded", "s3://papers/in/%2e%2e/out/a", /outside the places|"\.\."/],
    ["that climbs behind an encoded slash", "s3://papers/in/..%2fout/a", /"\.\."/],
    ["that names no object", "s3://open/", /no object/],
    ["that names nothing", "s3:a", /no object/],
    ["with a query", "s3://open/a?versionId=1", /more than a bucket and a key/],
    ["with a broken encoding", "s3://open/a%zz", /percent-encoded/],
  ])("%s is refused", async (_what, uri, why) => {
    expect(await refusal(uri, given)).toMatch(why);
  });

  test("below one of the places is taken, and none where no place is open", async () => {
    for (const uri of ["s3://open/a", "s3://open/folder/a%20b%3F.pdf", "s3://papers/in/a"]) {
      expect([uri, await refusal(uri, given)]).toEqual([uri, null]);
    }
    expect(await refusal("s3://open/a")).toMatch(/HEADWAY_S3_SOURCES/);
  });
});
