/** The text of a configuration file. */
export interface TextSource {
  /** The file's name, for messages. */
  readonly name: string;
  readonly text: string;
  readonly format: "YAML" | "JSON";
}
