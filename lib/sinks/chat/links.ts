import type { CloudEvent } from "../../change/event.ts";
import { name } from "./sanitize.ts";

/** A labelled link on a card. */
export interface Link {
  readonly label: string;
  /** Absolute, normalized URL. */
  readonly url: string;
}

/** Browsers and all platforms accept this length; longer links are left out. */
export const maxLinkCharacters = 2_000;

/** Fields that a link's template may name in braces. */
export const linkFields = ["engine", "region", "project", "instance", "task", "name"] as const;

/** Hosts of Huawei Cloud's own API; a console at another address is not known. */
const ownHost = /\.myhuaweicloud\.com$/;

/** The list of instances in Huawei Cloud's console, which has one for China and one for all other regions. */
function consoleLink(
  { source, data: { instance } }: CloudEvent,
  label: string,
): Readonly<Record<string, string>> {
  if (!ownHost.test(URL.parse(source)?.hostname ?? "") || instance.engine === "dcs") return {};
  const host = instance.region.startsWith("cn-") ? "console" : "console-intl";
  return { [label]: `https://${host}.huaweicloud.com/dms/?engine={engine}&region={region}` };
}

/** The links of an event's message; the console's, under `label`, where a sink has none of its own. */
export function linksOf(
  event: CloudEvent,
  own: Readonly<Record<string, string>> | undefined,
  label: string,
): readonly Link[] {
  const { task, instance } = event.data;
  const fields = new Map<string, string>([
    ["engine", instance.engine],
    ["region", instance.region],
    ["project", instance.projectId],
    ["instance", instance.instanceId],
    ["task", task.id],
    ["name", task.name],
  ]);
  return Object.entries(own ?? consoleLink(event, label)).flatMap(([text, template]) => {
    const filled = template.replace(/\{(\w+)\}/g, (_, field: string) =>
      // A lone surrogate cannot be encoded.
      encodeURIComponent((fields.get(field) ?? "").toWellFormed()),
    );
    const url = URL.parse(filled)?.href.replace(/[()|<>'"`\\]/g, percent) ?? "";
    return url !== "" && url.length <= maxLinkCharacters ? [{ label: name(text), url }] : [];
  });
}

/** Characters that would end a link on some platform. */
const percent = (mark: string): string => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
