/**
 * The page's own script, for browsers. Without a library, because it runs before the large one has come: the code of a
 * link leaves the address first, and is exchanged meanwhile.
 */
export const SCRIPT = String.raw`
"use strict";
globalThis.headway = (() => {
  const at = location.pathname.replace(/\/playground\/*$/, "/");
  const here = (path) => new URL(at + path, location.origin).href;
  // A key stays with this tab of the browser, and with this path of the origin.
  const KEPT = "headway-key " + at;
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  const signIn = document.getElementById("sign-in");
  const form = signIn.querySelector("form");
  const note = document.getElementById("sign-in-note");
  const loading = document.getElementById("loading");

  const send = globalThis.fetch.bind(globalThis);
  const post = (path, body, headers = {}) =>
    send(here(path), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  // Whoever the key signs in; or why it does not.
  async function whoIs(key) {
    if (!/^[\x21-\x7e]+$/.test(key)) return { fault: "A key begins with hw_ and has only letters, digits and underscores." };
    try {
      const answer = await post("graphql", { query: "{ viewer { name role project } }" }, { authorization: "Bearer " + key });
      const { data, errors } = await answer.json();
      return data ? { viewer: data.viewer } : { fault: errors[0].message, isOver: answer.status === 401 };
    } catch {
      return { fault: "The server does not answer. It may be stopped. Try again." };
    }
  }

  async function exchange() {
    try {
      const answer = await post("playground/session", { code });
      const { key, error } = await answer.json();
      return key ? { key } : { fault: error.message };
    } catch {
      return { fault: "The server does not answer; it may be stopped. Open the link again." };
    }
  }

  function askForKey(why) {
    loading.hidden = true;
    signIn.hidden = false;
    note.textContent = why;
    document.getElementById("key").focus();
  }

  const first = (async () => {
    let fault = "";
    if (code !== null) {
      const exchanged = await exchange();
      if (exchanged.key) sessionStorage.setItem(KEPT, exchanged.key);
      else fault = exchanged.fault;
    }
    const key = sessionStorage.getItem(KEPT);
    if (key === null) return { fault };
    const who = await whoIs(key);
    if (who.isOver) sessionStorage.removeItem(KEPT);
    return { key, ...who };
  })();

  // The tab that was open last. Without it GraphiQL opens an empty one more at each visit, until something was edited.
  function lastTab() {
    // A link to a query opens that one.
    if (new URLSearchParams(location.search).has("query")) return {};
    try {
      const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem("graphiql:tabState"));
      const { query, variables } = tabs[activeTabIndex];
      return { query: query || undefined, variables: variables || undefined };
    } catch {
      return {}; // Nothing is kept yet, or by another version of GraphiQL in a shape of its own.
    }
  }

  async function begin(render, options) {
    let isShown = false;
    const show = (key, viewer) => {
      isShown = true;
      signIn.hidden = true;
      loading.hidden = true;
      const authorization = "Bearer " + key;
      const who = document.createElement("span");
      who.textContent = viewer.name + " · " + viewer.role + (viewer.project === "default" ? "" : " · " + viewer.project);
      // GraphiQL takes no fetch of ours: it calls the global one.
      globalThis.fetch = async (...request) => {
        const answer = await send(...request);
        if (answer.status === 401 && sessionStorage.getItem(KEPT) === key) {
          sessionStorage.removeItem(KEPT);
          askForKey("This key is no longer valid. Your tabs are kept.");
        }
        return answer;
      };
      // Lines that are longer than the editor is wide would go on under its buttons.
      monaco.editor.onDidCreateEditor((editor) => editor.updateOptions({ wordWrap: "on" }));
      render(document.getElementById("root"), {
        ...options,
        title: options.title + '<span class="headway-who">' + who.innerHTML + '</span><button type="button" id="sign-out">Sign out</button>',
        endpoint: here("graphql"),
        additionalHeaders: { authorization },
        connectionParams: { authorization },
        ...lastTab(),
      });
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const key = form.elements.key.value.trim();
      const { viewer, fault } = await whoIs(key);
      if (!viewer) return askForKey(fault);
      sessionStorage.setItem(KEPT, key);
      form.reset();
      // What was shown for the key before is made anew for this one.
      if (isShown) location.reload();
      else show(key, viewer);
    });
    document.addEventListener("click", ({ target }) => {
      if (target.id !== "sign-out") return;
      sessionStorage.removeItem(KEPT);
      location.reload();
    });
    const { key, viewer, fault } = await first;
    if (viewer) show(key, viewer);
    else askForKey(fault);
  }

  return { begin };
})();
`;
