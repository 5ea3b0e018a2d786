import process from "node:process";
import fc from "fast-check";

/** Random everywhere but where a run must be repeatable: FC_SEED plays the same cases again. */
const seed = process.env["FC_SEED"];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

/** The key of the machine that runs the tests is not theirs. */
process.env["AWS_EC2_METADATA_DISABLED"] = "true";
