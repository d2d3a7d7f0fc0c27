"""The whole system in one drawing: what flows forward, and where the gradient flows back.

Two drawings of the same: a wide one, and a tall one for phones. Colours are the theme's.
"""

import streamlit as st

WIDE = """
<svg class="wide" viewBox="0 0 1000 268" role="img" aria-label="Random numbers z go through G and become a
  fake picture.
Fakes and real pictures go to D, which says how likely each is real. The gradient of D's loss goes back into D,
the gradient of G's loss goes back through D and the fake picture into G.">
  <defs>
    <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
    <path d="M0 0 8 4 0 8z" class="ink"/></marker>
    <marker id="hot" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto">
    <path d="M0 0 8 4 0 8z" class="fire"/></marker>
  </defs>
  <g class="bars"><rect x="30" y="72" width="9" height="26"/><rect x="43" y="56" width="9" height="42"/>
  <rect x="56" y="86" width="9" height="12"/>
    <rect x="69" y="98" width="9" height="26"/><rect x="82" y="76" width="9" height="22"/>
    <rect x="95" y="98" width="9" height="36"/></g>
  <text x="67" y="166" class="name">z</text><text x="67" y="188" class="note">random numbers</text>
  <path d="M190 74 L310 40 V156 L190 122 Z" class="box"/><text x="254" y="107" class="name">G</text>
  <text x="250" y="188" class="note">the forger</text>
  <image class="fake" x="404" y="51" width="92" height="92" preserveAspectRatio="none"/>
  <rect x="404" y="51" width="92" height="92" class="frame"/>
  <text x="450" y="41" class="note">fake</text>
  <image class="real" x="404" y="166" width="92" height="92" preserveAspectRatio="none"/>
  <rect x="404" y="166" width="92" height="92" class="frame"/>
  <text x="392" y="210" class="note right">real, from</text><text x="392" y="230" class="note right">the data</text>
  <path d="M604 87 L724 126 V178 L604 217 Z" class="box"/><text x="662" y="161" class="name">D</text>
  <text x="736" y="108" class="note left">the detective</text>
  <rect x="820" y="114" width="164" height="76" rx="10" class="box"/>
  <text x="902" y="148" class="name small">real?</text><text x="902" y="173" class="note">D's verdict, 0 to 1</text>
  <g class="way"><path d="M116 98 H182"/><path d="M316 110 H394"/><path d="M502 108 L596 132"/>
  <path d="M502 212 L596 178"/><path d="M730 152 H812"/></g>
  <g class="back"><path d="M902 108 V28 H664 V100"/><path d="M662 108 L606 113" class="thin"/>
  <path d="M598 112 L506 88"/><path d="M396 82 H320"/>
    <path d="M902 196 V250 H664 V206"/></g>
  <text x="783" y="18" class="hot">G's loss: be called real</text>
  <text x="783" y="240" class="hot">D's loss: tell them apart</text>
  <text x="358" y="70" class="hot">teaches G</text><text x="652" y="246" class="hot right">teaches D</text>
</svg>
"""

TALL = """
<svg class="tall" viewBox="0 0 380 520" aria-hidden="true">
  <g class="bars"><rect x="73" y="22" width="7" height="14"/><rect x="83" y="12" width="7" height="24"/>
  <rect x="93" y="28" width="7" height="8"/>
    <rect x="103" y="36" width="7" height="14"/><rect x="113" y="20" width="7" height="16"/></g>
  <text x="150" y="36" class="name">z</text><text x="96" y="70" class="note">random numbers</text>
  <path d="M78 112 H114 L146 186 H46 Z" class="box g"/><text x="96" y="162" class="name">G</text>
  <text x="170" y="178" class="note left">the forger</text>
  <image class="fake" x="52" y="226" width="88" height="88" preserveAspectRatio="none"/>
  <rect x="52" y="226" width="88" height="88" class="frame"/>
  <text x="44" y="330" class="note right" transform="translate(0 -60)">fake</text>
  <image class="real" x="240" y="226" width="88" height="88" preserveAspectRatio="none"/>
  <rect x="240" y="226" width="88" height="88" class="frame"/>
  <text x="284" y="216" class="note">real, from the data</text>
  <path d="M138 356 H242 L212 428 H168 Z" class="box d"/><text x="190" y="396" class="name">D</text>
  <text x="120" y="410" class="note right">the detective</text>
  <rect x="128" y="460" width="124" height="52" rx="10" class="box"/>
  <text x="190" y="483" class="name small">real?</text><text x="190" y="502" class="note">0 to 1</text>
  <g class="way"><path d="M88 80 V106"/><path d="M88 190 V220"/><path d="M96 318 L150 350"/>
  <path d="M284 318 L230 350"/><path d="M190 432 V454"/></g>
  <g class="back"><path d="M122 486 H20 V372 H128"/><path d="M136 350 L112 322" transform="translate(-22 6)"/>
  <path d="M112 220 V194"/><path d="M258 486 H340 V392 H236"/></g>
  <text x="18" y="444" class="hot left" transform="translate(10 0)">G's loss</text>
  <text x="334" y="444" class="hot right">D's loss</text>
  <text x="126" y="210" class="hot left" transform="translate(4 0)">teaches G</text>
</svg>
"""

CSS = """
svg { width: 100%; height: auto; display: block; font-family: var(--st-font); color: var(--st-text-color); }
svg.tall { display: none; max-width: 400px; margin: 0 auto; }
.ink { fill: currentColor; opacity: 0.6; }
.fire, .hot { fill: var(--st-link-color); }
.name { font-size: 24px; font-weight: 600; text-anchor: middle; fill: currentColor; }
.small { font-size: 19px; }
.note, .hot { font-size: 16px; text-anchor: middle; }
.note { fill: currentColor; opacity: 0.72; }
.hot { font-weight: 600; }
.left { text-anchor: start; }
.right { text-anchor: end; }
.box { fill: var(--st-secondary-background-color); stroke: currentColor; stroke-opacity: 0.45; stroke-width: 1.5; }
.frame { fill: none; stroke: currentColor; stroke-opacity: 0.35; }
image { image-rendering: pixelated; }
.bars { fill: currentColor; opacity: 0.6; }
.way path { fill: none; stroke: currentColor; stroke-opacity: 0.6; stroke-width: 2; marker-end: url(#tip); }
.back path { fill: none; stroke: var(--st-primary-color); stroke-width: 2.5; marker-end: url(#hot); }
.back path.thin { stroke-dasharray: 4 4; marker-end: none; }
@media (max-width: 640px) { svg.wide { height: 0; } svg.tall { display: block; } }
"""

JS = """
export default function ({ parentElement, data }) {
  for (const kind of ["fake", "real"]) {
    for (const image of parentElement.querySelectorAll("image." + kind)) {
      if (data && data[kind]) image.setAttribute("href", data[kind]);
    }
  }
}
"""

_diagram = st.components.v2.component("dcgan_system", html=f"<div>{WIDE}{TALL}</div>", css=CSS, js=JS)


def draw(fake: str, real: str) -> None:
    """Draw the system with a fake and a real picture, given as data addresses; empty ones leave their frame empty."""
    _diagram(key="system", data={"fake": fake, "real": real})
