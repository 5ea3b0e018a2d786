/** The text of a configuration file. */
export interface TextSource {
  /** The file's name, for messages. */
  readonly name: string;
  readonly text: string;
  /** `module`: JavaScript or TypeScript. */
  readonly format: "YAML" | "JSON" | "module";
}
