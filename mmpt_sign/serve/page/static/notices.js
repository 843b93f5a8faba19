// What a person is told when something does not work.

export function tell(element, error) {
  if (error?.name === "AbortError") return;
  element.textContent = error.message;
  element.hidden = false;
}

export function hush(element) {
  element.hidden = true;
  element.textContent = "";
}
