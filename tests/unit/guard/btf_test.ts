import assert from "node:assert/strict";
import { Btf, BTF_FUNC, BTF_STRUCT, BtfError } from "../../../lib/guard/btf.ts";
import { findOffsets } from "../../../lib/guard/offsets.ts";
import { readWholeBytes } from "../../../lib/linux/proc.ts";
import { makeBtf, type Type } from "./make_btf.ts";

const INT = 1, PTR = 2, ARRAY = 3, UNION = 5, TYPEDEF = 8, CONST = 10, PROTO = 13, ENUM64 = 19;

// int, int *, "typedef const int id_t", an anonymous union, two structs of which one is in the other, a function
const types: readonly Type[] = [
  { kind: INT, name: "int", size: 4, tail: [0x20] },
  { kind: PTR, size: 1 },
  { kind: CONST, size: 1 },
  { kind: TYPEDEF, name: "id_t", size: 3 },
  { kind: UNION, size: 8, members: [["number", 4, 0], ["pointer", 2, 0]] },
  { kind: ENUM64, name: "e", size: 8, members: [["A", 1, 0], ["B", 2, 0]] },
  { kind: BTF_STRUCT, name: "inner", size: 16, members: [["first", 1, 0], ["second", 2, 64]] },
  {
    kind: BTF_STRUCT,
    name: "outer",
    size: 48,
    members: [["id", 4, 0], ["", 5, 64], ["inside", 7, 128], ["many", 9, 256]],
  },
  { kind: ARRAY, tail: [2, 1, 3] },
  {
    kind: BTF_STRUCT,
    name: "bits",
    size: 4,
    flag: true,
    members: [["one", 1, 0x01000003], ["all", 1, 0x20000000]],
  },
  { kind: PROTO, size: 1, tail: [] },
  { kind: BTF_FUNC, name: "outer", size: 11 },
];

Deno.test("types are found by kind and name", () => {
  const btf = new Btf(makeBtf(types));
  assert.equal(btf.id(BTF_STRUCT, "outer"), 8);
  assert.equal(btf.id(BTF_FUNC, "outer"), 12);
  assert.throws(() => btf.id(BTF_STRUCT, "oute"), new BtfError("this kernel has no struct oute"));
  assert.throws(() => btf.id(BTF_FUNC, "inner"), new BtfError("this kernel has no function inner"));
});

Deno.test("members are found through typedefs, anonymous unions, embedded structures and arrays", () => {
  const btf = new Btf(makeBtf(types));
  assert.deepEqual(btf.place("outer", "id"), { offset: 0, size: 4 });
  assert.deepEqual(btf.place("outer", "number"), { offset: 8, size: 4 });
  assert.deepEqual(btf.place("outer", "pointer"), { offset: 8, size: 8 });
  assert.deepEqual(btf.place("outer", "inside"), { offset: 16, size: 16 });
  assert.deepEqual(btf.place("outer", "inside.second"), { offset: 24, size: 8 });
  assert.deepEqual(btf.place("outer", "many"), { offset: 32, size: 24 });
  assert.deepEqual(btf.place("bits", "all"), { offset: 0, size: 4 });
});

Deno.test("what is not there, is behind a pointer, or begins inside a byte is not found", () => {
  const btf = new Btf(makeBtf(types));
  for (const path of ["second", "pointer.first", "id.x", ""]) {
    assert.throws(() => btf.place("outer", path), BtfError, path);
  }
  assert.throws(() => btf.place("bits", "one"), /has no member one/);
});

Deno.test("type information that is cut off, of another kind or leads to itself is refused, at whatever byte", () => {
  const whole = makeBtf(types);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => new Btf(whole.subarray(0, length)), BtfError, String(length));
  }
  assert.throws(() => new Btf(makeBtf([{ kind: 20 }])), /unknown kind, 20/);
  assert.throws(() => new Btf(makeBtf([{ kind: ARRAY }])), /cut off in a type/);
  assert.throws(() => new Btf(new Uint8Array(64)), /no BTF/);
  const round = new Btf(makeBtf([
    { kind: TYPEDEF, name: "a", size: 2 },
    { kind: TYPEDEF, name: "b", size: 1 },
    { kind: BTF_STRUCT, name: "s", size: 8, members: [["m", 1, 0]] },
  ]));
  assert.throws(() => round.place("s", "m"), /leads to itself/);
});

const own = readWholeBytes("/sys/kernel/btf/vmlinux");
const absent = own === undefined ? "the kernel has no /sys/kernel/btf/vmlinux" : undefined;

Deno.test({
  name: `this kernel's own types are read${absent === undefined ? "" : ` (${absent})`}`,
  ignore: absent !== undefined,
  fn() {
    const btf = new Btf(own!);
    // struct list_head is two pointers, everywhere and always.
    assert.deepEqual(btf.place("list_head", "next"), { offset: 0, size: 8 });
    assert.deepEqual(btf.place("list_head", "prev"), { offset: 8, size: 8 });
    const offsets = findOffsets(btf);
    assert.ok(Object.values(offsets).every((offset) => Number.isInteger(offset) && offset >= 0));
    assert.notEqual(offsets.inode, offsets.parent);
  },
});

Deno.test("a kernel that has another member in its place is not guessed at", () => {
  const narrow = new Btf(makeBtf([
    { kind: INT, name: "int", size: 4, tail: [0x20] },
    { kind: BTF_FUNC, name: "bpf_lsm_unix_stream_connect", size: 1 },
    { kind: BTF_STRUCT, name: "path", size: 4, members: [["dentry", 1, 0]] },
    { kind: BTF_STRUCT, name: "unix_sock", size: 4, members: [["path", 3, 0]] },
  ]));
  assert.throws(() => findOffsets(narrow), /unix_sock.path.dentry has 4 bytes, not 8/);
  assert.throws(
    () => findOffsets(new Btf(makeBtf(types))),
    /no function bpf_lsm_unix_stream_connect/,
  );
});
