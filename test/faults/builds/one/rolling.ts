import { rolling } from "../rolling.js";

export default rolling(1, ["read", "ocr", "index"]);
