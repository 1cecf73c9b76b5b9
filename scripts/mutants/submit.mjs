import { of } from "./of.mjs";

export default [
  ...of(
    "sql/functions/submit/kept_task.sql",
    ["graphql/job/incremental", "engine/versions"],
    [
      ["a task that did not complete stands", "and t.status = 'COMPLETED'", ""],
      ["other content stands", "and t.content_sha256 = p_sha256", ""],
      ["another pipeline's results stand", "and j.pipeline = p_pipeline", ""],
      ["another version's results stand", "and t.pipeline_version = p_version", ""],
      ["results of two versions stand", "and not t.is_mixed", ""],
      ["other stages' results stand", "and j.document_stages = p_stages", ""],
      ["other options' results stand", "and j.options = p_options", ""],
      [
        "results that nobody sees any more stand",
        "and (d.content_task_id = t.id or (t.text_fence is null and t.chunk_fence is null))",
        "",
      ],
    ],
  ),
  ...of(
    "sql/functions/submit/submit_job.sql",
    ["graphql/job/incremental", "engine/jobs"],
    [
      [
        "every job is INCREMENTAL",
        "case p_job->>'mode' when 'INCREMENTAL' then",
        "case 'INCREMENTAL' when 'INCREMENTAL' then",
      ],
      [
        "a document that is fetched is taken for unchanged",
        "case when source_uri is null then sha256 end as known_sha256",
        "sha256 as known_sha256",
      ],
      ["all documents are taken though some were named", "and (v_documents is null or id = any (v_documents))", ""],
      ["documents of other collections are taken", "where collection_id = v_collection and", "where"],
      ["it starts at once though it was for later", "coalesce(v_run_at, clock_timestamp())", "clock_timestamp()"],
      [
        "documents come in no order",
        "row_number() over (order by d.id)",
        "row_number() over (order by d.id desc)",
        { tests: ["engine/flush/flushes"] },
      ],
      ["a job without document stages has work", "cardinality(v_document_stages) > 0 and case", "case"],
    ],
  ),
];
