/** The page's document. All of it that people read is drawn by its script. */
export const indexHtml = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dms-task-bridge</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script type="module" src="/page.js"></script>
<body><div id="app"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
`;

/** Three bars of a timeline. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#3451c7"/><rect x="6" y="8" width="13" height="4" rx="2" fill="#fff"/><rect x="12" y="14" width="14" height="4" rx="2" fill="#fff" opacity=".75"/><rect x="8" y="20" width="9" height="4" rx="2" fill="#fff" opacity=".5"/></svg>`;
