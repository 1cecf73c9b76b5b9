import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { graphql, updateSchema } from "cm6-graphql";
import type { GraphQLSchema } from "graphql";
import { useEffect, useEffectEvent, useRef } from "react";
import { styleNonce } from "../parts/style-nonce.js";

interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  readonly language: "graphql" | "json";
  /** Absent: it can only be read. */
  readonly onChange?: (value: string) => void;
  /** By Ctrl-Enter, or Cmd-Enter. */
  readonly onRun?: () => void;
  /** What a GraphQL text is completed and checked by, once it is known. */
  readonly schema?: GraphQLSchema | undefined;
  /** With a click while Ctrl or Cmd is held: the documentation of a type. */
  readonly onShowType?: (name: string) => void;
}

/** A text with its syntax in colours; Tab goes on to the next field, as everywhere. */
export function CodeEditor({ label, value, language, onChange, onRun, schema, onShowType }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const isReadOnly = onChange === undefined;
  const change = useEffectEvent((text: string) => onChange?.(text));
  const run = useEffectEvent(() => onRun?.());
  const showType = useEffectEvent((name: string) => onShowType?.(name));
  const begin = useEffectEvent(() => value);
  useEffect(() => {
    const made = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: begin(),
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          syntaxHighlighting(classHighlighter),
          bracketMatching(),
          isReadOnly ? EditorState.readOnly.of(true) : writing(() => run()),
          languageOf(language, isReadOnly, (name) => showType(name)),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) change(state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [label, language, isReadOnly]);
  useEffect(() => {
    const { current } = view;
    if (current === null || current.state.doc.toString() === value) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    if (view.current !== null && language === "graphql") updateSchema(view.current, schema);
  }, [schema, language]);
  return <div className="code-editor" ref={place} />;
}

function writing(run: () => void): Extension {
  return [
    history(),
    drawSelection(),
    closeBrackets(),
    autocompletion(),
    Prec.highest(
      keymap.of([
        {
          key: "Mod-Enter",
          run: () => {
            run();
            return true;
          },
        },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
  ];
}

function languageOf(
  language: CodeEditorProps["language"],
  isReadOnly: boolean,
  showType: (name: string) => void,
): Extension {
  if (language === "json") return isReadOnly ? json() : [json(), linter(lintUnlessEmpty)];
  const onShowInDocs = (_field?: string, type?: string, parent?: string): void => {
    // Such as [Job!]!: the name within.
    const name = /\w+/.exec(parent ?? type ?? "")?.[0];
    if (name !== undefined) showType(name);
  };
  return [lineNumbers(), graphql(undefined, { onShowInDocs })];
}

const lintJson = jsonParseLinter();

/** No variables at all are none. */
function lintUnlessEmpty(view: EditorView): ReturnType<typeof lintJson> {
  return view.state.doc.toString().trim() === "" ? [] : lintJson(view);
}
