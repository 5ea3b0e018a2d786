import { TextDocument } from "vscode-languageserver-textdocument";
import { getLanguageService } from "yaml-language-server";

/** What editors show of a YAML file by a schema: the language server that VS Code, Vim and others start. */
export interface Editor {
  /** What is offered where `|` stands. */
  complete(marked: string): Promise<readonly string[]>;
  /** What is underlined, each with its line, from 0. */
  problems(text: string): Promise<readonly (readonly [line: number, message: string])[]>;
}

export function openEditor(schema: object): Editor {
  const service = getLanguageService({
    schemaRequestService: (uri) => Promise.reject(new Error(`nothing is fetched, but ${uri} was asked for`)),
    workspaceContext: { resolveRelativePath: (path) => path },
  });
  const schemas = [{ uri: "file:///bridge.schema.json", fileMatch: ["*.yaml"], schema }];
  service.configure({ validate: true, completion: true, schemas });
  // The server remembers what it found by a document's version.
  let version = 0;
  const open = (text: string) => TextDocument.create("file:///bridge.config.yaml", "yaml", ++version, text);
  return {
    async complete(marked) {
      const document = open(marked.replace("|", ""));
      const { items } = await service.doComplete(document, document.positionAt(marked.indexOf("|")), false);
      return items.map(({ label }) => label);
    },
    async problems(text) {
      const found = await service.doValidation(open(text), false);
      return found.map(({ range, message }) => [range.start.line, message] as const);
    },
  };
}
