// Starts every section. Without JavaScript the page still shows its pictures, and its forms work as plain forms.

import * as make from "./make.js";
import * as number from "./number.js";

for (const section of [make, number]) section.start();
