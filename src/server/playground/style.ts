/** What GraphiQL's own style leaves open: signing in, and screens that are too narrow for two columns. */
export const STYLE = `
  html, body { height: 100%; margin: 0; }
  body { font-family: system-ui, sans-serif; background: Canvas; color: CanvasText; }
  #root { height: 100%; }
  #root:empty { display: none; }
  [hidden] { display: none !important; }
  #loading { margin: 0; padding: 30vh 16px 0; text-align: center; }
  #sign-in { position: fixed; inset: 0; z-index: 50; display: grid; place-items: center; padding: 16px; overflow: auto; background: Canvas; }
  #sign-in form { box-sizing: border-box; width: 100%; max-width: 420px; display: grid; gap: 12px; line-height: 1.5; }
  #sign-in h1 { display: flex; gap: 10px; align-items: center; margin: 0; font-size: 24px; }
  #sign-in p { margin: 0; font-size: 14px; }
  #sign-in-note:empty { display: none; }
  #sign-in-note { padding: 10px 12px; border-left: 4px solid #e0533d; background: rgb(224 83 61 / 12%); }
  #sign-in label { font-weight: 600; }
  #sign-in input, #sign-in button { box-sizing: border-box; width: 100%; padding: 10px 12px; font: inherit; border-radius: 8px; border: 1px solid GrayText; }
  #sign-in input { background: Field; color: FieldText; }
  #sign-in button { border: 0; background: #5b4fd6; color: #fff; font-weight: 600; cursor: pointer; }
  #sign-in :focus-visible { outline: 2px solid #7b6cf6; outline-offset: 2px; }
  #sign-in code { overflow-wrap: anywhere; }
  .graphiql-container .graphiql-logo { white-space: nowrap; }
  .headway-who { margin: 0 10px; font-size: 13px; font-weight: 400; }
  #sign-out { border: 0; padding: 4px 8px; border-radius: 6px; background: none; color: inherit; font: inherit; font-size: 13px; text-decoration: underline; white-space: nowrap; cursor: pointer; }
  @media (max-width: 1400px) { .headway-title { display: none; } }
  @media (max-width: 700px) {
    .headway-who, .graphiql-container .graphiql-logo svg { display: none; }
    .graphiql-container .graphiql-logo div { width: auto !important; }
    .graphiql-container .graphiql-sidebar { width: 44px; padding: 4px; }
    .graphiql-container .graphiql-sessions { margin: 4px; margin-left: 0; }
    .graphiql-container #graphiql-session { flex-direction: column; }
    .graphiql-container .graphiql-horizontal-drag-bar { display: none; }
    .graphiql-container #graphiql-session > div { flex: 1 1 0 !important; min-height: 0; min-width: 0; }
    .graphiql-container .graphiql-query-editor { flex-direction: column-reverse; row-gap: 8px; padding-top: 8px; }
    .graphiql-container .graphiql-toolbar { flex-direction: row; width: auto; }
  }
`;
