// Unpacks plotly.js from the bytes that came with the page and runs it; nothing is fetched from the network.
export default function ({ data }) {
  if (window.Plotly || window.dcganPlotlyLoading || !data || !data.length) return;
  window.dcganPlotlyLoading = true;
  const packed = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  new Response(packed).blob().then((source) => {
    const script = document.createElement("script");
    script.src = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    script.onload = () => {
      URL.revokeObjectURL(script.src);
      window.dispatchEvent(new Event("dcgan-plotly"));
    };
    document.head.appendChild(script);
  });
}
