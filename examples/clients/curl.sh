#!/usr/bin/env bash
# Plain curl, and node to read its JSON. A request is one POST; what was wrong with it is in `errors`, what a mutation
# could not do is in its `userErrors`. curl speaks no WebSocket: the stream is followed by subscribe.mjs.
#   bash examples/clients/curl.sh --url http://127.0.0.1:4000 --key hw_…
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
url=http://127.0.0.1:4000 key="" pipeline=documents name="letters $(date -u +%FT%TZ) $$"
while [ $# -gt 0 ]; do
  case $1 in
    --url | --key | --pipeline | --name) declare "${1#--}=${2?"$1 needs a value"}"; shift 2 ;;
    *) echo "Unknown option '$1'" >&2; exit 1 ;;
  esac
done

# A text as JSON writes it.
quoted() { local text=${1//\\/\\\\}; printf '"%s"' "${text//\"/\\\"}"; }

# post QUERY VARIABLES EXPRESSION prints the expression of `it`, the first field of the answer.
# @ends the script with code 1 where the request had errors, or the mutation was not done
post() {
  printf '{ "query": %s, "variables": %s }' "$(quoted "$1")" "$2" |
    curl --silent --show-error "$url/graphql" --header 'content-type: application/json' \
      ${key:+--header "authorization: Bearer $key"} --data-binary @- |
    node -e '
      const text = require("fs").readFileSync(0, "utf8");
      if (text === "") process.exit(1); // curl has said why
      const { data, errors } = JSON.parse(text);
      const [it] = Object.values(data ?? {});
      const [wrong] = errors ?? it.userErrors ?? [];
      if (wrong) console.error(`${wrong.code ?? wrong.extensions.code}: ${wrong.message}`);
      else console.log(Function("it", `return ${process.argv[1]}`)(it));
      process.exit(wrong ? 1 : 0);
    ' "$3"
}

collection=$(post \
  'mutation ($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } userErrors { code message } } }' \
  "{ \"input\": { \"name\": $(quoted "$name") } }" it.collection.id)
post \
  'mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }' \
  "{ \"input\": { \"collectionId\": \"$collection\", \"documents\": $(< "$here/documents.json") } }" it.documents.length > /dev/null

# Taken before the submit, so that the stream from here has every change of the job, from its first.
cursor=$(post 'query ($id: ID!) { streamCursor(collectionId: $id) }' "{ \"id\": \"$collection\" }" it)
job=$(post \
  'mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }' \
  "{ \"input\": { \"collectionId\": \"$collection\", \"pipeline\": $(quoted "$pipeline") } }" it.job.id)

streamed=$(node "$here/subscribe.mjs" --url "$url" ${key:+--key "$key"} "$job" "$cursor")

# The same changes over HTTP, 25 at a time: where no socket can be held, asking again behind the last cursor follows a
# job as completely as the stream does.
polled=0 more=true
while [ "$more" = true ]; do
  page=$(post \
    'query ($job: ID!, $after: String) { statusChanges(filter: { jobId: $job }, first: 25, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }' \
    "{ \"job\": \"$job\", \"after\": \"$cursor\" }" \
    '[it.nodes.length, it.pageInfo.hasNextPage, it.pageInfo.endCursor].join(" ")')
  read -r count more cursor <<< "$page"
  polled=$((polled + count))
done

summary=$(post \
  'query ($job: ID!) { job(id: $job) { status summary { counts { total completed failed } errors { code stage count } } } }' \
  "{ \"job\": \"$job\" }" 'JSON.stringify(it)')

pages=() after=null
while [ "$after" != end ]; do
  page=$(post \
    'query ($job: ID!, $after: String) { job(id: $job) { tasks(first: 3, after: $after) { edges { node { documentName status } } pageInfo { hasNextPage endCursor } } } }' \
    "{ \"job\": \"$job\", \"after\": $after }" \
    '(it.tasks.pageInfo.hasNextPage ? JSON.stringify(it.tasks.pageInfo.endCursor) : "end") + " " + JSON.stringify(it.tasks)')
  after=${page%% *}
  pages+=("${page#* }")
done

# The line of JSON that every example ends with.
node --input-type=module -e '
  const { rowsOf, summaryOf } = await import(process.argv[1]);
  const [collectionId, jobId] = process.argv.slice(2);
  const [received, polled, job, ...pages] = process.argv.slice(4).map((text) => JSON.parse(text));
  console.log(JSON.stringify({
    client: "curl",
    collectionId,
    jobId,
    status: job.status,
    changes: { received, polled },
    summary: summaryOf(job.summary),
    pages: pages.map(({ edges }) => edges.length),
    tasks: pages.flatMap(rowsOf),
  }));
' "$here/settings.mjs" "$collection" "$job" "$(wc -l <<< "$streamed")" "$polled" "$summary" "${pages[@]}"
