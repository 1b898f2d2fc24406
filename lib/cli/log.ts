import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
} from "@logtape/logtape";
import type { LogSettings } from "../config/types.ts";
import type { World } from "./world.ts";

/** Takes one line of text as it is. */
export type Log = Readonly<Record<"info" | "warning" | "error", (text: string) => void>>;

/** The operator's log on standard error: `postern: warning: …`, or JSON lines with a time for machines. */
export function openLog(settings: LogSettings, world: World): Log {
  const text = getTextFormatter({
    timestamp: "disabled",
    level: (level) => level,
    value: String,
    format: ({ level, message }) => `postern: ${level === "info" ? "" : `${level}: `}${message}`,
  });
  const format = settings.format === "json" ? getJsonLinesFormatter() : text;
  configureSync({
    reset: true,
    sinks: { stderr: (record) => world.stderr(format(record)) },
    loggers: [
      { category: "postern", lowestLevel: settings.level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
  const logger = getLogger("postern");
  // A path may hold braces, which are placeholders to the library.
  const plain = (text: string) => text.replace(/[{}]/g, "$&$&");
  return {
    info: (text) => logger.info(plain(text)),
    warning: (text) => logger.warning(plain(text)),
    error: (text) => logger.error(plain(text)),
  };
}
