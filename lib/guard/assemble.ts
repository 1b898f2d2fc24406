/** Registers (Documentation/bpf/standardization/instruction-set.rst): r0 takes results, r1 to r5 are gone after a call, r10 is the frame. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Bytes of a load or a store. */
export type Width = 4 | 8;

/** What two values are compared by: equal, not equal, signed less than. */
export type Comparison = "==" | "!=" | "<";

const LD_IMM64 = 0x18;
const LDX = { 4: 0x61, 8: 0x79 } as const;
const STX = { 4: 0x63, 8: 0x7b } as const;
const ST = { 4: 0x62, 8: 0x7a } as const;
const ADD_ATOMIC = 0xdb;
const ADD = 0x07;
const DIV = 0x37;
const RSH = 0x77;
const MOV = 0xb7;
/** Takes the second operand from a register instead of the instruction. */
const BY_REGISTER = 0x08;
const JUMP = { "==": 0x15, "!=": 0x55, "<": 0xc5 } as const;
const GOTO = 0x05;
const CALL = 0x85;
const EXIT = 0x95;
/** src_reg of LD_IMM64: the number is the descriptor of a map (BPF_PSEUDO_MAP_FD). */
const MAP_FD = 1;

/** Puts a program together, one instruction of eight bytes after the other; jumps go forward to labels. */
export class Assembler {
  readonly #instructions: { code: number; registers: number; offset: number; value: number }[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { readonly at: number; readonly label: string }[] = [];

  /** dst = src. */
  copy(dst: Register, src: Register): this {
    return this.#add(MOV | BY_REGISTER, dst, src);
  }

  /** dst = number, of 32 bits, with its sign. */
  set(dst: Register, value: number): this {
    return this.#add(MOV, dst, 0, 0, value);
  }

  /** dst = the map behind a descriptor. */
  map(dst: Register, fd: number): this {
    return this.#add(LD_IMM64, dst, MAP_FD, 0, fd).#add(0, 0, 0, 0, 0);
  }

  /** dst = what stands at src + offset. */
  load(width: Width, dst: Register, src: Register, offset: number): this {
    return this.#add(LDX[width], dst, src, offset);
  }

  /** Puts src at dst + offset. */
  store(width: Width, dst: Register, offset: number, src: Register): this {
    return this.#add(STX[width], dst, src, offset);
  }

  /** Puts a number at dst + offset. */
  storeNumber(width: Width, dst: Register, offset: number, value: number): this {
    return this.#add(ST[width], dst, 0, offset, value);
  }

  /** Adds src to the eight bytes at dst + offset, atomically. */
  addAtomic(dst: Register, offset: number, src: Register): this {
    return this.#add(ADD_ATOMIC, dst, src, offset);
  }

  add(dst: Register, value: number): this {
    return this.#add(ADD, dst, 0, 0, value);
  }

  /** dst /= number, unsigned. */
  divide(dst: Register, value: number): this {
    return this.#add(DIV, dst, 0, 0, value);
  }

  /** dst >>= bits, unsigned. */
  shiftRight(dst: Register, bits: number): this {
    return this.#add(RSH, dst, 0, 0, bits);
  }

  jumpIf(dst: Register, comparison: Comparison, value: number, label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#add(JUMP[comparison], dst, 0, 0, value);
  }

  jumpIfRegister(dst: Register, comparison: Comparison, src: Register, label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#add(JUMP[comparison] | BY_REGISTER, dst, src);
  }

  jump(label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#add(GOTO);
  }

  /** r0 = one of the kernel's helpers, by its number (bpf-helpers(7)), of r1 to r5. */
  call(helper: number): this {
    return this.#add(CALL, 0, 0, 0, helper);
  }

  exit(): this {
    return this.#add(EXIT);
  }

  /** Names the next instruction. Throws when the name is taken. */
  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`Cannot have two labels ${name}`);
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  /** The program as bpf(2) takes it. Throws for a jump to a label that is not there, or that goes back. */
  bytes(): Uint8Array<ArrayBuffer> {
    for (const { at, label } of this.#jumps) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new Error(`Cannot jump to ${label}: there is no such label`);
      if (target <= at) throw new Error(`Cannot jump back to ${label}`);
      this.#instructions[at]!.offset = target - at - 1;
    }
    const view = new DataView(new ArrayBuffer(8 * this.#instructions.length));
    this.#instructions.forEach(({ code, registers, offset, value }, n) => {
      view.setUint8(8 * n, code);
      view.setUint8(8 * n + 1, registers);
      view.setInt16(8 * n + 2, offset, true);
      view.setInt32(8 * n + 4, value, true);
    });
    return new Uint8Array(view.buffer);
  }

  #add(code: number, dst = 0, src = 0, offset = 0, value = 0): this {
    this.#instructions.push({ code, registers: dst | src << 4, offset, value });
    return this;
  }
}
