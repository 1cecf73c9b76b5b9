/**
 * @generated SignedSource<<dceb958edcaf532b7070160659da0671>>
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

var node = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "collectionId"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "collectionId",
        "variableName": "collectionId"
      }
    ],
    "kind": "ScalarField",
    "name": "streamCursor",
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsCursorQuery",
    "selections": (v1/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsCursorQuery",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "983b1ab559eb2e29e59de9aeaeb9693f",
    "id": null,
    "metadata": {},
    "name": "operationsCursorQuery",
    "operationKind": "query",
    "text": "query operationsCursorQuery(\n  $collectionId: ID!\n) {\n  streamCursor(collectionId: $collectionId)\n}\n"
  }
};
})();

node.hash = "d15cfc57b81ceab701e98f7fb0fea5e6";

module.exports = node;
