import { rolling } from "../rolling.js";

export default rolling(3, ["read", "index"]);
