// Sends the key once; the server answers with a cookie, with which the page is opened anew.
const SAID = { 403: "That is not the key.", 429: "One try a second, please." };

export default function ({ parentElement }) {
  const form = parentElement.querySelector("form");
  const [field, said] = [form.querySelector("input"), form.querySelector("p")];
  form.onsubmit = async (event) => {
    event.preventDefault();
    said.textContent = "";
    const answer = await fetch(new URL("key", location.href), { method: "POST", body: field.value }).catch(() => null);
    if (answer?.status === 204) return location.reload();
    said.textContent = SAID[answer?.status] ?? "The studio does not answer.";
    field.select();
  };
}
