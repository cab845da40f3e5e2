/**
 * Commands that the runner of a pipeline takes from what a step prints: GitHub's (`ActionCommand`: `::` at the
 * beginning of a line, trimmed, and `##[…]` anywhere), those of Azure's agent, and the sections of GitLab.
 */
export function commandsIn(log: string): string[] {
  const lines = log.split(/\r\n|[\r\n]/);
  return [
    ...lines.filter((line) => line.trimStart().startsWith("::")),
    ...(log.match(/##(?:\w[\w.-]*)?\[[^\]]*\]/g) ?? []),
    ...log.split("\r\u001b[0K").flatMap((part) => /section_(?:start|end):\d+:\w+$/.exec(part)?.[0] ?? []),
  ];
}

/** Characters that a terminal obeys or does not show, or that turn the direction of a text; line ends are none. */
export function unseenIn(text: string): string[] {
  return text.match(/[^\P{C}\n]|[\u2028\u2029]/gu) ?? [];
}
