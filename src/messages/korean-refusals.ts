import type { Refusals } from "./catalogue.js";

const SAME_KEY = "다만 같은 멱등성 키로 보낸 앞선 요청은 처리되었을 수 있습니다.";

export const KOREAN_REFUSALS: Refusals = {
  ourFault:
    "서비스에 오류가 발생했습니다. 결제가 취소되었는지는 `cancellationByKey`로 조회하거나 같은 멱등성 키로 다시 요청하여 확인할 수 있습니다. 문의할 때는 이 응답의 x-request-id 헤더 값을 알려 주세요.",
  ourFaultOfRoute: "서비스에 오류가 발생했습니다. 문의할 때는 이 응답의 x-request-id 헤더 값을 알려 주세요.",
  nothingSent:
    "요청을 저장하지 못해 EBP에 아무것도 보내지 않았습니다. 같은 멱등성 키로 보낸 앞선 요청이 전송되었는지는 지금 확인할 수 없습니다. 같은 키로 다시 요청해 주세요. 계속되면 이 응답의 x-request-id 헤더 값과 함께 문의해 주세요.",
  sendingHeld: (seconds) =>
    `데이터베이스를 복구하는 중이어서 결제 취소를 보내지 않고 있습니다. 이번 요청은 전송되지 않았으며, 같은 키로 보낸 앞선 요청이 전송되었는지는 지금 확인할 수 없습니다. ${seconds}초 뒤에 같은 멱등성 키로 다시 요청해 주세요.`,
  busy: "요청이 너무 많아 제때 처리하지 못했습니다. 잠시 후 다시 요청해 주세요. 결제 취소는 같은 멱등성 키로 다시 요청해 주세요.",
  overloaded: (seconds) =>
    `요청이 너무 많습니다. 이번 요청은 처리되지 않았습니다. ${SAME_KEY} ${seconds}초 뒤에 다시 요청해 주세요.`,
  databaseBusy: (isMutation, seconds) =>
    `요청이 너무 많습니다.${isMutation ? " 이번 요청은 EBP에 전송되지 않았습니다. 같은 멱등성 키로 다시 요청해 주세요." : ""} ${seconds}초 뒤에 다시 요청해 주세요.`,
  tooManyRefused: (seconds) =>
    `거절된 요청이 너무 많아 ${seconds}초 동안 요청을 받지 않습니다. 이번 요청은 처리되지 않았습니다. ${SAME_KEY}`,
  mutationsNever: (points, most) =>
    `이 요청은 뮤테이션 ${points}건으로 계산되어, 호출자와 스토어별 분당 한도 ${most}건을 넘습니다. 이번 요청은 전송되지 않았습니다.`,
  mutationsLimited: (points, most, seconds) =>
    `호출자와 스토어별로 1분에 뮤테이션 ${most}건까지 요청할 수 있으며, 이 요청은 ${points}건으로 계산됩니다. 이번 요청은 전송되지 않았습니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  queryNever: (points, most) =>
    `이 쿼리의 비용은 ${points}점으로, 호출자와 스토어별 분당 한도 ${most}점을 넘습니다. 페이지 크기를 줄이는 등 한 번에 더 적게 요청해 주세요.`,
  queryLimited: (points, most, seconds) =>
    `호출자와 스토어별로 1분에 쿼리 비용 ${most}점까지 사용할 수 있으며, 이 쿼리의 비용은 ${points}점입니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  followersOfCaller: (most, seconds) =>
    `구독은 최대 ${most}개까지 가능하며, 이미 모두 사용하고 있습니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  followersOfReplica: (most, seconds) =>
    `이 서버에서 가능한 구독 ${most}개가 모두 사용 중입니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  tooSlow:
    "조건을 모두 만족하는 취소 건이 적거나 없어 조회가 너무 오래 걸립니다. `createdFrom` 등으로 조건을 좁혀 주세요.",
  severalMutations: (count) =>
    `문서에 뮤테이션이 ${count}개 있습니다. 요청 하나에는 뮤테이션 1개만 넣을 수 있습니다. 나누어 요청해 주세요.`,
  tooManyFields: (count, most) =>
    `문서에 필드가 ${count}개 있습니다(프래그먼트는 사용된 곳마다 계산합니다). 최대 ${most}개까지 가능합니다.`,
  tooManyAliases: (count, most) => `문서에 별칭이 ${count}개 있습니다. 최대 ${most}개까지 가능합니다.`,
  tooCostly: (points, most) =>
    `이 요청의 비용은 ${points}점이며, 최대 ${most}점까지 가능합니다. 페이지 크기를 줄이거나 그 안의 목록을 줄여 주세요.`,
  tooManyItems: (most) =>
    `항목이 한 요청에서 조회할 수 있는 ${most}개를 넘습니다. 페이지 크기를 줄여 주세요.`,
  tooManyEvents: (most) =>
    `이벤트가 한 요청에서 조회할 수 있는 ${most}개를 넘습니다. 페이지 크기를 줄여 주세요.`,
  tooManyLines: (most) =>
    `\`lines\`가 합산할 항목이 한 요청에서 조회할 수 있는 ${most}개를 넘습니다. 주문 수를 줄이거나, 주문의 \`cancellations\`에서 \`items\`를 페이지별로 조회해 주세요.`,
  tooManyTotals: (most) =>
    `\`cancelledTotalAfter\`가 합산할 취소 건이 한 요청에서 조회할 수 있는 ${most}개를 넘습니다. 주문 수를 줄이거나 누적 합계를 빼고 요청해 주세요.`,
  tooManySums: (most) =>
    `결과가 ${most}개를 넘습니다. 그룹을 줄이거나 기간 단위를 늘리거나 \`largest\`를 사용하거나 \`createdFrom\` 등으로 조건을 좁혀 주세요.`,
  sumsTooSlow: "합계를 계산하는 데 너무 오래 걸립니다. `createdFrom` 등으로 조건을 좁혀 주세요.",
  tokenNeeded: "유효한 토큰을 보내 주세요: `Authorization: Bearer …`.",
  tokenTooLong: (most) =>
    `토큰이 너무 깁니다. ${most}자까지 사용할 수 있습니다. 토큰 발급 시 그룹 등 불필요한 클레임을 제외해 주세요.`,
  callerNotKnown: `지금은 토큰을 확인할 수 없습니다. 이번 요청은 처리되지 않았습니다. ${SAME_KEY} 다시 요청해 주세요.`,
  tokenExpired: "토큰이 더 이상 유효하지 않습니다. 유효한 토큰으로 다시 구독해 주세요.",
  scopesMissing: (field, scopes) =>
    `\`${field}\`에는 ${scopes.join(", ")} 권한이 필요하지만, 토큰에 없습니다.`,
  exportScopeMissing: (scope) => `내보내기에는 ${scope} 권한이 필요하지만, 토큰에 없습니다.`,
  notListed:
    "이 서비스의 목록에 있는 오퍼레이션만 처리합니다. 오퍼레이션의 ID나 등록된 문서를 그대로 보내 주세요.",
  notParsed: (mostTokens) =>
    `구문 오류: 이 위치부터 문서를 해석할 수 없거나 토큰이 ${mostTokens}개를 넘습니다. 값은 \`variables\`에 넣어 주세요.`,
  notValid: (detail) => `문서가 스키마와 맞지 않습니다: ${detail}`,
  noOperation:
    "`operationName`에 해당하는 오퍼레이션이 없거나, 오퍼레이션이 여러 개인데 `operationName`이 없습니다.",
  subscriptionElsewhere: (path) => `구독은 POST ${path}에서 server-sent events로 제공합니다.`,
  onlySubscriptions:
    "이 주소에서는 구독만 제공합니다. 쿼리와 뮤테이션은 /graphql로 보내 주세요. 이번 요청은 처리되지 않았습니다.",
  changesMissed:
    "이 스트림으로 보낼 수 있는 것보다 변경이 많습니다. 화면을 다시 불러온 뒤 다시 구독해 주세요.",
  variableMissing: (expected) => `변수가 없습니다. 필요한 값: ${expected}.`,
  notNull: (expected) => `null일 수 없습니다. 필요한 값: ${expected}.`,
  wrongValue: (expected) => `형식이 올바르지 않습니다. 필요한 값: ${expected}.`,
  wrongVariable: (type) => `이 변수로는 ${type} 타입의 값이 되지 않습니다.`,
  notExpectedHere: "이 위치에 올 수 없는 값입니다.",
  fieldsMissing: (type, names) => `${type}의 필수 필드가 없습니다: ${names.join(", ")}.`,
  fieldUnknown: (type, known) =>
    `${type}에 없는 필드가 있습니다.${known === null ? "" : ` 사용할 수 있는 필드: ${known.join(", ")}.`}`,
  tooManyValueErrors: (most) => `변수에 오류가 더 있습니다. 최대 ${most}개까지 알려 드립니다.`,
  expectedOneOf: (names) => `${names.join(", ")} 중 하나`,
  expectedString: "문자열",
  expectedInt: "32비트 이내의 정수",
  expectedFloat: "숫자",
  expectedBoolean: "true 또는 false",
  expectedDateTime: '"2027-01-31T09:30:00Z"와 같은 시각',
  expectedType: (type) => `${type} 타입의 값`,
  expectedDecimal:
    '"1999.90"과 같은 십진수(소수점 앞뒤로 각각 최대 40자리, JSON 숫자로 정확히 나타낼 수 없으면 문자열)',
  notAcceptable: (types) =>
    `응답 형식은 ${types.join(" 또는 ")}입니다. 이 요청의 Accept 헤더에는 그 형식이 없습니다.`,
  hostMissing: "이 요청의 Host 헤더가 올바른 호스트가 아닙니다.",
  numberNotExact:
    "이 GET의 `variables`에 배정밀도 실수로 정확히 나타낼 수 없는 숫자가 있습니다. 문자열로 보내 주세요.",
  headerTooLong: (name, most, found) => `${name} 헤더가 ${found}자입니다. 최대 ${most}자까지 가능합니다.`,
  nothingHere: "이 주소에는 아무것도 없습니다. API 주소는 /graphql입니다.",
  otherMethods: (allow) => `이 주소에서 사용할 수 있는 메서드는 ${allow}입니다.`,
  notJson: "요청 본문이 올바른 JSON이 아니거나, 한 객체에 같은 키가 두 번 있거나, 중첩이 너무 깊습니다.",
  hasProtoKey: "요청 본문에 __proto__라는 키가 있습니다.",
  notAnAddress: "올바른 주소가 아닙니다.",
  bodyTooLarge: (most) => `요청 본문이 ${most}바이트를 넘습니다.`,
  notUtf8: "요청 본문이 UTF-8 텍스트가 아닙니다. JSON을 UTF-8로 보내 주세요.",
  otherCharset: "본문의 문자 집합이 UTF-8이 아닙니다. JSON을 UTF-8로 보내 주세요.",
  compressed: "본문에 content-encoding이 있습니다. 압축하지 않고 보내 주세요.",
  wrongContentType: "본문은 JSON이어야 합니다. `content-type: application/json`으로 보내 주세요.",
  badRequest: "요청을 해석할 수 없습니다.",
  notLocal:
    "인증을 사용하지 않을 때는 이 컴퓨터에서만 접속할 수 있습니다. 127.0.0.1 또는 localhost 주소를 사용해 주세요.",
  exportNotBegun:
    "지금은 이력을 조회할 수 없거나, 조건을 만족하는 취소 건이 적어 조회가 너무 오래 걸립니다. 후자라면 createdFrom과 createdBefore로 기간을 좁혀 주세요. 계속되면 이 응답의 x-request-id 헤더 값과 함께 문의해 주세요.",
  exportOfCallerRuns: (seconds) =>
    `이미 내보내기를 실행하고 있습니다. 한 번에 하나만 가능합니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  exportsOfStoresRun: (seconds) =>
    `이 스토어의 내보내기가 이미 두 개 실행되고 있습니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  exportsOfReplicaRun: (seconds) =>
    `동시에 실행할 수 있는 내보내기가 모두 사용 중입니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  exportsLimited: (seconds) =>
    `내보내기의 비용은 가장 비싼 쿼리와 같으며, 1분 한도를 모두 사용했습니다. ${seconds}초 뒤에 다시 요청해 주세요.`,
  http11Needed: "HTTP/1.1로 요청해 주세요. HTTP/1.0에서는 파일이 중간에 끊겼는지 알 수 없습니다.",
  eventTooLarge: (most) => `이벤트가 ${most}바이트를 넘습니다.`,
  notSigned: "서명이 없거나, 올바르지 않거나, 너무 오래되었습니다.",
  eventNotStored: "이벤트를 저장하지 못했습니다. 다시 보내 주세요.",
};
