// Loaded by `node --require snaptrace-capture/register`; SNAPTRACE_CAPTURE switches it on.
"use strict";

const { isSwitchedOn } = require("./lib/settings");

if (isSwitchedOn()) require("./index").install();
