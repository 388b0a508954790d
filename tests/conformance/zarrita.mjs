// Digests of arrays as zarrita reads them: node zarrita.mjs <LIST, where LIST has a path of a store
// on each line. It has to lie beside its packages.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { FileSystemStore } from "@zarrita/storage";
import * as zarr from "zarrita";

for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  try {
    const array = await zarr.open(new FileSystemStore(path), { kind: "array" });
    const got = await zarr.get(array);
    const data = typeof got === "object" && got !== null && "data" in got ? got.data : scalar(array.dtype, got);
    const values = data.constructor.name === "BoolArray" ? Uint8Array.from(data, Number) : data;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    console.log(createHash("sha256").update(bytes).digest("hex"));
  } catch (error) {
    console.log(`error: ${String(error.message).replaceAll("\n", " ")}`);
  }
}

// Arrays without dims are given as a value.
function scalar(dtype, value) {
  const kinds = { bool: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
    uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, float32: Float32Array, float64: Float64Array };
  return kinds[dtype].of(dtype === "bool" ? Number(value) : value);
}
