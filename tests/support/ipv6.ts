/** Why nothing can be tried with IPv6 here, or undefined. */
export const missingIpv6: string | undefined =
  Deno.networkInterfaces().some(({ address }) => address === "::1")
    ? undefined
    : "this machine has no ::1";
