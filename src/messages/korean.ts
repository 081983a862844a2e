import { isContradicted } from "../cancellation/model/user-error.js";
import { KOREAN_REFUSALS } from "./korean-refusals.js";
import type { Messages } from "./catalogue.js";

export const KOREAN: Messages = {
  faults: {
    blank: ({ max }) => `필수 항목입니다. 1~${max}자로 입력해 주세요.`,
    tooLong: ({ max }) => `너무 깁니다. ${max}자 이내로 입력해 주세요.`,
    tooShort: ({ min }) => `너무 짧습니다. ${min}자 이상 입력해 주세요.`,
    unreadable: () => "제어 문자나 깨진 문자가 있습니다. 삭제해 주세요.",
    surroundingBlanks: () => "앞뒤 공백을 삭제해 주세요.",
    invisible: ({ character }) => `보이지 않는 문자(${character})가 있습니다. 삭제해 주세요.`,
    notNormalised: () => "유니코드 정규화 형식 C(NFC)로 입력해 주세요.",
    statesAccount: () =>
      "환불 계좌번호를 삭제해 주세요. 이 글은 취소 이력을 조회할 수 있는 모든 사람에게 보입니다.",
    accountCharacters: () => "영문자, 숫자, 공백, 하이픈만 입력해 주세요.",
    accountTooShort: ({ min, max }) =>
      `계좌번호가 너무 짧습니다. 영문자와 숫자 ${min}~${max}자로 입력해 주세요.`,
    accountTooLong: ({ min, max }) =>
      `계좌번호가 너무 깁니다. 영문자와 숫자 ${min}~${max}자로 입력해 주세요.`,
    accountWithoutDigit: () => "계좌번호에는 숫자가 하나 이상 있어야 합니다.",
    notANumber: () => "숫자를 입력해 주세요.",
    notPositive: () => "0보다 큰 금액을 입력해 주세요.",
    belowLeast: ({ min }) => `금액은 ${min.toFixed()} 이상이어야 합니다.`,
    aboveMost: ({ max }) => `금액은 ${max.toFixed()} 이하여야 합니다.`,
    tooManyDecimals: ({ max, currencyCode }) => {
      const currency = currencyCode === "" ? "이 스토어의 통화" : currencyCode;
      return max === 0
        ? `${currency} 금액에는 소수점 이하를 쓸 수 없습니다.`
        : `${currency} 금액은 소수점 이하 ${max}자리까지만 쓸 수 있습니다.`;
    },
    outOfRange: ({ min, max }) => `${min} 이상 ${max} 이하의 정수를 입력해 주세요.`,
    noItems: () => "항목을 하나 이상 추가해 주세요.",
    tooManyItems: ({ max }) => `항목이 너무 많습니다. 최대 ${max}개까지 취소할 수 있습니다.`,
    duplicateSeq: ({ firstItem }) =>
      `항목마다 순번(seq)이 달라야 합니다. ${firstItem + 1}번째 항목과 순번이 같습니다.`,
    emptyList: () => "목록이 비어 있습니다. 값을 하나 이상 지정하거나 이 조건을 빼 주세요.",
    tooManyOfThem: ({ max }) => `값이 너무 많습니다. 최대 ${max}개까지 지정할 수 있습니다.`,
    notOneOf: ({ choices }) => `다음 중 하나를 입력해 주세요: ${choices.join(", ")}.`,
    notAFlag: () => "true 또는 false를 입력해 주세요.",
    notWhole: ({ min, max }) => `${min} 이상 ${max} 이하의 정수를 입력해 주세요.`,
    notAMoment: () =>
      "2026-01-31T15:00:00Z처럼 RFC 3339 형식의 시각을 입력해 주세요. 주소에서는 +를 %2B로 써야 합니다.",
    notEncoded: () => "주소에는 UTF-8 텍스트를 퍼센트 인코딩하여 써 주세요.",
    notADecimal: () => "1999.90과 같은 십진수를 입력해 주세요.",
    notATimeZone: () => '"Asia/Seoul"이나 "UTC"와 같은 IANA 시간대 이름을 입력해 주세요.',
    storeRequired: () => "스토어를 지정해 주세요. 권한이 있는 스토어가 여러 개이거나 없습니다.",
    storeUnknown: () => "이 스토어에 대한 권한이 없습니다.",
    cancellationUnknown: () => "권한이 있는 스토어에 이 ID의 취소 건이 없습니다.",
    notAnId: () => "ID 형식이 아닙니다. 취소 건의 ID(UUID)를 입력해 주세요.",
    bothDirections: () => "`first`와 `after`, 또는 `last`와 `before` 중 한 쌍만 사용해 주세요.",
    badCursor: () => "커서가 아닙니다. edge나 `pageInfo`에서 받은 커서를 사용해 주세요.",
    cursorOfOtherOrder: ({ order, found }) =>
      `이 커서의 정렬 순서는 ${found}이고, 요청한 정렬 순서는 ${order}입니다. 첫 페이지부터 다시 조회해 주세요.`,
    onlyOfCsv: () => "CSV 내보내기에서만 사용할 수 있는 파라미터입니다.",
    unknownParameter: ({ known }) =>
      `주소에 알 수 없는 파라미터가 있습니다. 사용할 수 있는 파라미터: ${known.join(", ")}.`,
    repeatedParameter: () => "주소에 이 파라미터가 여러 번 있습니다. 한 번만 써 주세요.",
    repeatedGroup: ({ group }) => `${group}이(가) 여러 번 있습니다. 그룹은 한 번씩만 지정해 주세요.`,
    severalPeriods: ({ allowed }) => `${allowed.join(", ")} 중 하나만 지정해 주세요.`,
    besideIds: () => "`ids`와 함께 사용할 수 없습니다.",
    momentTooEarly: () => "1년부터 9999년 사이의 시각을 입력해 주세요.",
    notAfter: ({ other }) => `\`${other}\`보다 뒤의 시각이어야 합니다.`,
    lessThan: ({ other }) => `\`${other}\` 이상이어야 합니다.`,
    otherPrefix: ({ other }) => `\`${other}\`(으)로 시작하지 않습니다.`,
    severalCurrencies: ({ currencies }) =>
      `스토어의 통화가 여러 가지(${currencies.join(", ")})여서 금액을 비교할 수 없습니다. \`storeIds\`에 통화가 같은 스토어만 지정해 주세요.`,
    noStatusLeft: ({ possible, left }) =>
      `이 조건은 ${possible.join(", ")} 상태에만 해당하는데, 다른 조건 때문에 ${left.join(", ")} 상태만 남습니다.`,
  },
  userErrors: {
    AMOUNT_MISMATCH: ({ computedTotal, basis }) =>
      `취소 금액 합계가 항목의 합계와 다릅니다. 항목의 합계(${basis === "unit" ? "수량 × 금액의 합" : "금액의 합"})는 ${computedTotal.toFixed()}입니다. 취소 요청은 전송되지 않았습니다.`,
    IDEMPOTENCY_KEY_REUSED: ({ cancellation: { status } }) => {
      const used = "이미 다른 요청에 사용된 멱등성 키입니다.";
      if (status === "SUCCEEDED")
        return `${used} 앞선 요청의 결제 취소는 완료되었습니다. 이번 요청은 전송되지 않았습니다. 다른 취소를 하기 전에 주문을 다시 확인해 주세요.`;
      if (status === "FAILED")
        return `${used} 앞선 요청은 실패했고 아무것도 취소되지 않았습니다. 이번 요청은 전송되지 않았습니다. 새 요청에는 새 키를 사용해 주세요.`;
      return `${used} 앞선 요청의 결과는 아직 확인되지 않았습니다. 이번 요청은 전송되지 않았습니다. 결과가 확정될 때까지 기다려 주세요.`;
    },
    CANCEL_IN_PROGRESS: ({ cancellation: { status }, isOwn, isOtherCase }) => {
      if (isOwn)
        return "결제 취소를 아직 처리하고 있습니다. 같은 키로 다시 요청하면 결과를 확인할 수 있습니다.";
      const state =
        status === "UNKNOWN"
          ? "이 주문에 결과를 아직 알 수 없는 다른 취소가 있습니다."
          : "이 주문의 다른 취소를 처리하고 있습니다.";
      const otherCase = isOtherCase
        ? " 그 취소의 주문 번호는 입력한 주문 번호와 대소문자만 다르며, EBP가 대소문자를 구분하는지는 알 수 없습니다."
        : "";
      return `${state}${otherCase} 이번 요청은 전송되지 않았습니다. 결과가 확정될 때까지 기다려 주세요.`;
    },
    CANCELLED_TOTAL_CHANGED: ({ currentTotal }) =>
      `이 주문에서 이미 취소된 금액은 ${currentTotal.toFixed()}으로, 예상한 금액과 다릅니다. 취소 요청은 전송되지 않았습니다. 주문을 다시 확인해 주세요.`,
    REJECTED_BY_EBP: ({ resultCode }) =>
      `EBP가 결제 취소를 거절했습니다${resultCode === null ? "" : `(${resultCode})`}. 아무것도 취소되지 않았습니다. 원인을 해결한 뒤 새 키로 다시 요청해 주세요.`,
    NOT_SENT: () =>
      "결제 취소 요청이 EBP에 전달되지 않아 아무것도 취소되지 않았습니다. 새 키로 다시 요청해 주세요.",
    NOT_CANCELLED: () => "아무것도 취소되지 않은 것으로 확인되었습니다. 새 키로 다시 요청해 주세요.",
    OUTCOME_UNKNOWN: ({ cancellation }) => {
      if (isContradicted(cancellation))
        return "이 취소는 실패로 기록되었으나, 이후 취소가 처리되었다는 근거가 확인되었습니다. 다시 요청하지 마세요. 담당자의 확인이 필요합니다.";
      const next =
        cancellation.nextCheckAt === null
          ? "담당자가 확인해야 합니다."
          : "EBP에 자동으로 다시 조회하고 있으니 잠시 후 다시 확인해 주세요.";
      return `결제가 취소되었는지 아직 알 수 없습니다. 다른 키로 다시 요청하지 마세요. ${next}`;
    },
    NOT_IN_DOUBT: ({ status }) =>
      status === "PENDING"
        ? "결제 취소를 아직 처리하고 있습니다. UNKNOWN 상태인 취소만 직접 확정할 수 있습니다. 변경된 것은 없습니다."
        : `이미 ${status}(으)로 확정된 취소입니다. UNKNOWN 상태인 취소만 직접 확정할 수 있습니다. 변경된 것은 없습니다.`,
    NOT_YET_FAILED: ({ obstacles, settledAt }) => {
      const reasons = {
        SETTLING: `EBP가 ${settledAt === null ? "" : `${settledAt.toISOString()}까지 `}취소를 처리할 수 있습니다`,
        CANCEL_SHOWN: "EBP의 결제 정보에 이 주문의 취소가 있습니다",
        EVENT_OF_SUCCESS: "EBP가 취소 성공 이벤트를 보냈으나, 해당하는 취소 건이 없습니다",
      };
      return `아직 FAILED로 확정할 수 없습니다. ${obstacles.map((one) => reasons[one]).join(". ")}. 변경된 것은 없습니다. 그래도 확정하려면 \`evenThough\`에 ${obstacles.join(", ")}을(를) 지정해 주세요.`;
    },
  },
  failures: {
    SENT_TOO_LATE: "제한 시간 안에 전송하지 못해 취소 요청을 보내지 않았습니다.",
    NOT_CONNECTED: "EBP에 연결하지 못해 취소 요청을 보내지 않았습니다.",
    REFUSED_BY_GATEWAY: "EBP 앞단의 게이트웨이가 취소 요청을 거절했습니다.",
    NOT_STORED_IN_TIME: "데이터베이스에 저장되었는지 제때 확인하지 못해 취소 요청을 보내지 않았습니다.",
    TIMED_OUT: "EBP가 제한 시간 안에 응답하지 않았습니다. 취소가 처리되었을 수 있습니다.",
    CONNECTION_BROKE: "EBP와의 연결이 끊어졌습니다. 취소가 처리되었을 수 있습니다.",
    ANSWER_NOT_READABLE: "EBP의 응답을 해석할 수 없습니다. 취소가 처리되었을 수 있습니다.",
    ANSWER_PROVES_NOTHING: "EBP의 응답으로는 취소가 처리되었는지 알 수 없습니다.",
    REJECTED: "EBP가 결제 취소를 거절했습니다.",
    FAULT_WHILE_SENDING:
      "취소 요청을 보내는 중에 서비스에 오류가 발생했습니다. 취소가 처리되었을 수 있습니다.",
    PROCESS_LOST: "취소 요청을 처리하던 프로세스가 결과를 기록하기 전에 종료되었습니다.",
    ENTERED_AGAIN: "데이터베이스에서 유실된 취소 건을 다시 등록했습니다.",
    DISPROVEN_BY_EBP: "EBP의 결제 정보에서 아무것도 취소되지 않은 것으로 확인되었습니다.",
    DISPROVEN_BY_OPERATOR: "담당자가 아무것도 취소되지 않았음을 확인했습니다.",
  },
  unavailable: {
    TIMED_OUT: "EBP가 제한 시간 안에 응답하지 않았습니다.",
    NOT_REACHED: "EBP에 연결하지 못했습니다.",
    REFUSED: "EBP가 오류로 응답했습니다.",
    NOT_READABLE: "EBP의 응답을 해석할 수 없거나 이 결제에 대한 응답이 아닙니다.",
    TOO_MANY: "동시에 처리 중인 조회가 너무 많아 EBP에 조회하지 않았습니다. 몇 초 뒤에 다시 조회해 주세요.",
  },
  refusals: KOREAN_REFUSALS,
};
