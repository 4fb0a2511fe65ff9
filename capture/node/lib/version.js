"use strict";

module.exports = {
  VERSION: "0.1.0",
  FORMAT: 1, // of the attributes; docs/format/capture.md
};
