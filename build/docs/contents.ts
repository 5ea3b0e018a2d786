/** Lines from which on a page needs a table of contents. */
export const longPage = 150;

/** A list of links to the page's sections; examples in code have none. */
export const contents = (page: string): string =>
  [...page.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^## (.+)$/gm)]
    .map(([, title = ""]) => `- [${title}](#${slug(title)})`)
    .join("\n");

/** The anchor that a repository host gives a heading. */
export const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
