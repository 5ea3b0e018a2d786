import { systemClock } from "../../../lib/core/clock.ts";
import { bucketStoresContract } from "../../contract/bucket-stores.ts";
import { startObsFake } from "./obs-fake.ts";

bucketStoresContract("OBS", "obs", () => startObsFake(systemClock));
