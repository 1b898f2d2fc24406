import { containerFor, CONTAINERS, inSharedFolders, unsayable } from "./container.ts";
import { composeFile, IDS, quadlet, runScript } from "./container_recipes.ts";
import type { Facts, Part, PartPlan, Step } from "./part.ts";
import { shellLine } from "./quote.ts";
import { seccompProfile } from "./seccomp_profile.ts";
import { skipped } from "./skipped.ts";

/** The gate in a container: nothing is started, what to start is written. */
export const containers: Part = {
  name: "containers",
  summary: "recipes for the gate in a container: docker run, compose, quadlet, system calls",
  plan(facts): PartPlan {
    if (!facts.installed("docker") && !facts.installed("podman")) {
      return skipped("neither docker nor podman is installed");
    }
    const overTcp = facts.config.listeners.find(({ tcp }) => tcp !== undefined);
    if (overTcp !== undefined) {
      return skipped(
        `listener ${overTcp.name} is on TCP, and the container has no network: the service does that`,
      );
    }
    const container = containerFor(facts);
    const odd = unsayable(container);
    if (odd.length > 0) {
      return skipped(
        `${odd.map((name) => JSON.stringify(name)).join(", ")}: the recipes can name paths of ` +
          "letters, digits and _ / . @ + , = - only",
      );
    }
    const taken = inSharedFolders(container);
    if (taken.length > 0) {
      return skipped(
        `${taken.join(", ")} holds other things than the gate's, and would be the ` +
          "container's to write: give sockets and the audit file folders of their own, such as " +
          "/run/postern and /var/log/postern",
      );
    }
    const file = (name: string, text: string, why: string, mode = 0o644): Step => ({
      kind: "file",
      path: `${CONTAINERS}/${name}`,
      content: () => text,
      mode,
      why,
    });
    return {
      steps: [
        file(
          "seccomp.json",
          seccompProfile(),
          "the system calls that the gate makes, and no others",
        ),
        file("run.sh", runScript(container), "docker run, or podman run", 0o755),
        file("compose.yaml", composeFile(container), "the same for docker compose"),
        file(
          "postern.container",
          quadlet(container),
          "the same as a unit for Podman 4.4 and later",
        ),
        ids(facts),
      ],
      notes: notes(facts),
    };
  },
};

/** The user may be made by a part that comes before, so that its numbers are known only then. */
function ids({ user, group }: Facts): Step {
  const [who, whose] = [shellLine([user]), shellLine([group])];
  const lookup =
    `u=$(id -u ${who}) && g=$(id -g ${who}) && e=$(getent group ${whose} | cut -d: -f3) && ` +
    `test -n "$e" && printf 'POSTERN_UID=%s\\nPOSTERN_GID=%s\\nENGINE_GID=%s\\n' "$u" "$g" "$e"`;
  return {
    kind: "command",
    command: ["sh", "-c", `text=$(${lookup}) && printf '%s\\n' "$text" >${IDS}`],
    undo: ["rm", "-f", IDS],
    done: ["sh", "-c", `text=$(${lookup}) && test "$text" = "$(cat ${IDS} 2>/dev/null)"`],
    why: "an image knows no names of this host's: the recipes take the numbers from here",
  };
}

function notes({ config, read, user }: Facts): string[] {
  const uid = new RegExp(`^${RegExp.escape(user)}:[^:]*:(\\d+):`, "m")
    .exec(read("/etc/passwd") ?? "")?.[1];
  const foreign = config.listeners.filter((one) =>
    one.uid !== undefined && String(one.uid) !== uid
  );
  return [
    "nothing is started: the image is made by `docker build -t postern .` where Postern's source is; " +
    `then, instead of the service and its sockets, sh ${CONTAINERS}/run.sh`,
    "in the container uids and gids are the host's (--userns host), and so are pids (--pid host): " +
    "without the first every client would be unknown, and without the second its pid and container. " +
    "A client in a container has the uid that it has on the host: 0 is root there, too, unless the " +
    "engine remaps users. The executable of other users' processes is not told: that takes a " +
    "capability, and the container has none",
    ...foreign.map(({ name, uid }) =>
      `listener ${name}: only root can give its socket to user ${uid}, and the container is not ` +
      `root: leave user out and let clients in by group and mode 0660`
    ),
    ...(config.listeners.length > 0 && user === "root"
      ? ["the gate would be root in the container: give it a user (run_as: { user: postern })"]
      : []),
  ];
}
