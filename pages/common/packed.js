// Undoes `packed` of sprites.py; it stands before the code of every component that takes such bytes.
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, png: new Blob([bytes.slice(4 + length)], { type: "image/png" }) };
}
