// The sidebar's link to the page that is open leads to that page afresh: Streamlit alone would keep what the address asks.
export default function () {
  if (window.dcganAddress) return;
  window.dcganAddress = true;
  addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-testid=stSidebarNavLink]");
    const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || elsewhere || link.pathname !== location.pathname || !location.search) return;
    history.pushState({}, "", location.pathname);
    dispatchEvent(new PopStateEvent("popstate")); // Streamlit goes there as it follows Back and Forward
  });
}
