/** The page's files, ready to be served. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/**
 * Bundles the page from its source, for a clone that was not built. The package's build replaces this module with the
 * bundled files, so that a user needs no bundler.
 */
export function pageAssets(): Promise<PageAssets> {
  bundled ??= import("../../build/console-page.ts").then(({ bundlePage }) => bundlePage());
  return bundled;
}

let bundled: Promise<PageAssets> | null = null;
