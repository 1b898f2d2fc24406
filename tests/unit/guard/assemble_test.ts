import assert from "node:assert/strict";
import { Assembler } from "../../../lib/guard/assemble.ts";

const hex = (bytes: Uint8Array) =>
  bytes.toHex().match(/.{16}/g)!.map((one) => one.match(/../g)!.join(" "));

// As bpftool prints them and Documentation/bpf/standardization/instruction-set.rst lays them out: code, registers, offset, value.
const instructions: readonly [name: string, make: (a: Assembler) => unknown, bytes: string][] = [
  ["r6 = r1", (a) => a.copy(6, 1), "bf 16 00 00 00 00 00 00"],
  ["r0 = -1", (a) => a.set(0, -1), "b7 00 00 00 ff ff ff ff"],
  ["r1 = *(u64 *)(r6 + 8)", (a) => a.load(8, 1, 6, 8), "79 61 08 00 00 00 00 00"],
  ["r1 = *(u32 *)(r6 + 16)", (a) => a.load(4, 1, 6, 16), "61 61 10 00 00 00 00 00"],
  ["*(u64 *)(r10 - 8) = r1", (a) => a.store(8, 10, -8, 1), "7b 1a f8 ff 00 00 00 00"],
  ["*(u32 *)(r10 - 4) = r1", (a) => a.store(4, 10, -4, 1), "63 1a fc ff 00 00 00 00"],
  ["*(u32 *)(r10 - 4) = 7", (a) => a.storeNumber(4, 10, -4, 7), "62 0a fc ff 07 00 00 00"],
  ["lock *(u64 *)(r6 + 8) += r1", (a) => a.addAtomic(6, 8, 1), "db 16 08 00 00 00 00 00"],
  ["r2 += -16", (a) => a.add(2, -16), "07 02 00 00 f0 ff ff ff"],
  ["r1 /= 100", (a) => a.divide(1, 100), "37 01 00 00 64 00 00 00"],
  ["r0 >>= 32", (a) => a.shiftRight(0, 32), "77 00 00 00 20 00 00 00"],
  ["call 14", (a) => a.call(14), "85 00 00 00 0e 00 00 00"],
  ["exit", (a) => a.exit(), "95 00 00 00 00 00 00 00"],
];

for (const [name, make, bytes] of instructions) {
  Deno.test(`${name} is ${bytes}`, () => {
    const assembler = new Assembler();
    make(assembler);
    assert.deepEqual(hex(assembler.bytes()), [bytes]);
  });
}

Deno.test("a map takes two instructions, of which the first says that the number is a descriptor", () => {
  assert.deepEqual(hex(new Assembler().map(1, 5).bytes()), [
    "18 11 00 00 05 00 00 00",
    "00 00 00 00 00 00 00 00",
  ]);
});

Deno.test("jumps count from the instruction behind them, and a map as two", () => {
  const assembler = new Assembler().jumpIf(0, "==", 0, "end").map(1, 5);
  assembler.jumpIfRegister(1, "!=", 7, "end").jumpIf(2, "<", -1, "end").jump("end");
  assert.deepEqual(hex(assembler.label("end").exit().bytes()), [
    "15 00 05 00 00 00 00 00",
    "18 11 00 00 05 00 00 00",
    "00 00 00 00 00 00 00 00",
    "5d 71 02 00 00 00 00 00",
    "c5 02 01 00 ff ff ff ff",
    "05 00 00 00 00 00 00 00",
    "95 00 00 00 00 00 00 00",
  ]);
});

Deno.test("a jump to nowhere, one back, and a second label of a name are mistakes", () => {
  assert.throws(() => new Assembler().jump("end").exit().bytes(), /no such label/);
  assert.throws(() => new Assembler().label("top").exit().jump("top").bytes(), /jump back to top/);
  assert.throws(() => new Assembler().label("a").exit().label("a"), /two labels a/);
});
