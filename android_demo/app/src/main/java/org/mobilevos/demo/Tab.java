package org.mobilevos.demo;

import android.content.Intent;
import android.net.Uri;

/** One of the activity's tabs. */
interface Tab {
    /** The tab is seen, and the activity is in front. */
    void onShow();

    /** The tab is not seen any more, or the activity is not in front. */
    void onHide();

    /** Long work has begun or ended somewhere, or the settings or models have changed. */
    void onWorkbenchChanged();

    /** The user chose a document, after {@link Intent} with one of the tab's own request codes. */
    void onDocument(int request, Uri document);
}
