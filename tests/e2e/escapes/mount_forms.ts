// Mounts as the API takes them, and what is harmless in their place.
import { host } from "./table.ts";

export const bind = (Source: string, more = {}) => ({
  Type: "bind",
  Source,
  Target: "/h",
  ...more,
});
export const volume = (Options: Record<string, string>, more = {}) => ({
  Type: "volume",
  Target: "/h",
  VolumeOptions: { DriverConfig: { Options } },
  ...more,
});
export const rootOptions = { type: "none", o: "bind", device: "/" };
export const bound = (device: string) => volume({ ...rootOptions, device });
export const plain = { Mounts: [{ Type: "volume", Source: "$plain", Target: "/h" }] };
export const plainBind = { Binds: ["$plain:/h"] };
export const tmpfs = { Mounts: [{ Type: "tmpfs", Target: "/h" }] };
/** Mounts come back from inspect as they were sent. */
export const mounts = (name: string, mount: unknown, twin: Record<string, unknown> = plain) =>
  host(name, "host_mounts", { Mounts: [mount] }, twin);
