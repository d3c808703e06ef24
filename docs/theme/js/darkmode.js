// The site is as light or dark as the reader's other windows. In place of the theme's own script,
// which fails where no code is highlighted.
const dark = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
}

dark.addEventListener("change", follow);
follow();
