// @ts-check
// A plain script in the head: the first paint is in the chosen theme and size already.
try {
  const kept = JSON.parse(localStorage.getItem("frontdesk.preferences") ?? "{}");
  if (kept.theme === "light" || kept.theme === "dark") document.documentElement.dataset.theme = kept.theme;
  if (kept.wall === true) document.documentElement.dataset.wall = "";
} catch {
  // Storage is switched off: the system's theme it is.
}
