import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import packageJson from "../package.json" with { type: "json" };

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
}

/** The parts of a CycloneDX bill of materials that are read here. */
export interface Bill {
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/**
 * The bill with the product's own name and the components reachable from the given references. npm names the folder, and
 * `--omit dev` also drops packages that a development tool shares; npm's list of the root's dependencies is incomplete.
 */
export function shippedBill<Whole extends Bill>(bill: Whole, name: string, direct: readonly string[]): Whole {
  const root = bill.metadata.component["bom-ref"];
  const next = new Map(bill.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const shipped = new Set(direct);
  for (const ref of shipped) for (const below of next.get(ref) ?? []) shipped.add(below);
  return {
    ...bill,
    metadata: { ...bill.metadata, component: { ...bill.metadata.component, name, type: "application" } },
    components: bill.components.filter((component) => shipped.has(component["bom-ref"])),
    dependencies: [
      { ref: root, dependsOn: direct },
      ...bill.dependencies.filter(({ ref }) => shipped.has(ref)),
    ],
  };
}

/** The bill of materials of the shipped packages, as npm sees them installed. */
export function productBill(): Bill {
  const args = ["sbom", "--sbom-format", "cyclonedx"];
  const whole = JSON.parse(execFileSync("npm", args, { encoding: "utf8", maxBuffer: 2 ** 27 })) as Bill;
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  const direct = Object.keys(packageJson.dependencies).map(
    (name) => `${name}@${lock.packages[`node_modules/${name}`]?.version}`,
  );
  return shippedBill(whole, packageJson.name, direct);
}

if (import.meta.main) writeFileSync("dist/sbom.cdx.json", JSON.stringify(productBill(), null, 2));
