import "react";

declare module "react" {
  interface InputHTMLAttributes<T> {
    /** Chooses a folder; all browsers have it, React's types do not. */
    webkitdirectory?: "";
  }
}
