import { CONFIG_FILE } from "../../harden/starter.ts";
import type { Check } from "../facts.ts";
import { line } from "../fixes.ts";

/** Whether there is a configuration, and it holds. */
export const configuration: Check = {
  name: "configuration",
  group: "postern",
  look({ host, live, configured: { file, config, problems } }) {
    if (problems.length > 0) {
      return [{
        level: "wrong",
        title: `the gate does not start with ${file}: it is not valid`,
        evidence: problems,
        fix: [line("postern", "check", "-c", file ?? CONFIG_FILE)],
      }];
    }
    if (config === undefined) {
      return [{
        level: "advice",
        title: "there is no gate here: no configuration is named or found",
        evidence: [
          `looked for ${live ? "$POSTERN_CONFIG, ./postern.yaml and " : ""}${CONFIG_FILE}`,
        ],
        fix: [
          "# shows what would make one:",
          line("postern", "harden", "plan", host.root === "" ? [] : ["--root", host.root]),
        ],
      }];
    }
    const many = config.listeners.length;
    return [{
      level: "fine",
      title: `${file} is valid: ${many} ${many === 1 ? "listener" : "listeners"}`,
    }];
  },
};
