import assert from "node:assert/strict";
import { cgroupFolder, cgroupId, cgroupMount, cgroupPath } from "../../../lib/guard/cgroups.ts";

Deno.test("a cgroup is named as in /proc/PID/cgroup, or by its folder", () => {
  const folder = "/sys/fs/cgroup/system.slice/x.service";
  for (
    const path of ["/system.slice/x.service", "//system.slice/x.service/", folder, `${folder}/`]
  ) {
    assert.equal(cgroupFolder("/sys/fs/cgroup", path), folder);
  }
});

const mount = cgroupMount();
const absent = Deno.uid() !== 0 ? "needs root" : mount === undefined ? "no cgroup2" : undefined;

Deno.test({
  name: `a cgroup's number leads to its name as long as it is there${
    absent === undefined ? "" : ` (${absent})`
  }`,
  ignore: absent !== undefined,
  async fn() {
    const name = `postern-test-${Deno.pid}`;
    await Deno.mkdir(`${mount}/${name}/below`, { recursive: true });
    const id = cgroupId(`${mount}/${name}/below`)!;
    assert.equal(cgroupPath(mount!, id), `/${name}/below`);
    assert.equal(cgroupPath(mount!, cgroupId(mount!)!), "/");
    await Deno.remove(`${mount}/${name}/below`);
    await Deno.remove(`${mount}/${name}`);
    assert.equal(cgroupPath(mount!, id), undefined);
    assert.equal(cgroupId(`${mount}/${name}/below`), undefined);
    assert.equal(cgroupPath(mount!, 0n), undefined);
  },
});
