import "./style/style.css";
import { createTheme, MantineProvider } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { ApiProvider } from "./api/api.js";
import { SayProvider } from "./parts/said.js";
import { styleNonce } from "./parts/style-nonce.js";
import { beginSession, useSession } from "./session/session.js";
import { router } from "./shell/router.js";

/** Most visits have signed in already. */
const SignInScreen = lazy(async () => ({ default: (await import("./session/sign-in.js")).SignInScreen }));

/** Lists of options scroll themselves, so that the arrow keys of their field move through them, and are as wide as their words. */
const LISTS = {
  defaultProps: {
    withScrollArea: false,
    classNames: { options: "options" },
    comboboxProps: { width: "max-content", position: "bottom-start" },
  },
};

const THEME = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 8 },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: "sm",
  respectReducedMotion: true,
  autoContrast: true,
  components: { Select: LISTS, MultiSelect: LISTS, TagsInput: LISTS },
});

/** The address stays as it is while somebody signs in, so what it leads to is there afterwards. */
function Console() {
  const session = useSession();
  if (session.phase === "checking")
    return (
      <p className="beginning" role="status">
        Signing in…
      </p>
    );
  if (session.phase === "out") {
    return (
      <Suspense>
        <SignInScreen note={session.note} hasKey={session.hasKey} />
      </Suspense>
    );
  }
  return (
    <ApiProvider apiKey={session.key} viewer={session.viewer}>
      <RouterProvider router={router} />
    </ApiProvider>
  );
}

// The library that keeps the page from scrolling under a dialog looks for it here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
void beginSession();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={THEME} defaultColorScheme="auto" getStyleNonce={styleNonce} withGlobalClasses={false}>
      <SayProvider>
        <Console />
      </SayProvider>
    </MantineProvider>
  </StrictMode>,
);
