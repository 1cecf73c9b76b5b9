import { rolling } from "../rolling.js";

export default rolling(2, ["read", "ocr", "index"]);
