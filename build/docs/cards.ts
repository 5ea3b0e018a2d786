import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { pageOf } from "../../lib/preview/page.ts";
import { type PlatformType, platformTypes } from "../../lib/preview/platforms.ts";
import { albumOf, sampleSubject } from "../../lib/preview/preview.ts";
import type { Language } from "../../lib/sinks/chat/text.ts";
import { launchChromium } from "../../test/services/chromium.ts";

// `npm run docs:cards` takes chat.md's pictures in a real browser. Needs Noto Sans CJK and Noto Color Emoji.

const folder = new URL("../../docs/cards/", import.meta.url);

export interface Picture {
  /** File name in docs/cards, without extension. */
  readonly file: string;
  readonly type: PlatformType;
  readonly language: Language;
}

export const pictures: readonly Picture[] = [
  ...platformTypes.map((type): Picture => ({ file: type, type, language: "en" })),
  { file: "feishu-zh", type: "feishu", language: "zh" },
];

/** Samples that fit into a page; `preview` shows the others. */
const shown = ["succeeded", "failed", "overdue", "digest"];

/** The HTML page of a picture. */
export async function pageFor({ type, language }: Picture): Promise<string> {
  const album = await albumOf(await sampleSubject(type, language));
  return pageOf([{ ...album, messages: album.messages.filter(({ sample }) => shown.includes(sample)) }]);
}

/** Hash of a page, which shows when its picture is out of date. */
export const fingerprint = (page: string): string => createHash("sha256").update(page).digest("hex");

async function takePictures(): Promise<void> {
  const browser = await launchChromium();
  const taken: Record<string, string> = {};
  try {
    const tab = await browser.newPage({ viewport: { width: 980, height: 600 } });
    for (const picture of pictures) {
      const page = await pageFor(picture);
      await tab.setContent(page);
      const image = await tab.locator("section").screenshot();
      await writeFile(new URL(`${picture.file}.png`, folder), image);
      taken[picture.file] = fingerprint(page);
    }
  } finally {
    await browser.close();
  }
  await writeFile(new URL("pictures.json", folder), `${JSON.stringify(taken, null, 2)}\n`);
}

if (import.meta.main) await takePictures();
