// Starts every section. Without JavaScript the page still shows its pictures, and its forms work as plain forms.

import * as dataset from "./dataset.js";
import * as learn from "./learn.js";
import * as make from "./make.js";
import * as number from "./number.js";
import * as take from "./take.js";

for (const section of [make, number, take, dataset, learn]) section.start();
