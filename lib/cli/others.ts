// The commands that `serve` does not wait for, each loaded when it is called.

export const authz = async () => (await import("./authz.ts")).authz;
export const check = async () => (await import("./check.ts")).check;
export const explain = async () => (await import("./explain.ts")).explain;
export const schema = async () => (await import("./schema.ts")).schema;
export const importRules = async () => (await import("./import.ts")).importRules;
export const doctor = async () => (await import("./doctor.ts")).doctor;
export const harden = async () => (await import("./harden.ts")).harden;
export const watchBypasses = async () => (await import("./watch_bypasses.ts")).watchBypasses;
export const guard = async () => (await import("./guard.ts")).guard;
export const demo = async () => (await import("./demo.ts")).demo;
export const socat = async () => (await import("./socat.ts")).socat;
