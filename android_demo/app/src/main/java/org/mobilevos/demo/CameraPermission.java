package org.mobilevos.demo;

import android.Manifest;
import android.app.Activity;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.provider.Settings;
import android.view.View;
import android.widget.Button;
import android.widget.TextView;

/** What lies over the preview while there is none: the reason, and a button that helps. */
final class CameraPermission {
    static final int REQUEST = 1;

    private final Activity activity;
    private final View root;
    private final TextView text;
    private final Button button;
    // Of no use without a picture.
    private final View controls;
    private final Runnable retry;
    // Once for each activity, so that a denial is not answered by the same question.
    private boolean asked;

    CameraPermission(Activity activity, View root, View controls, Runnable retry) {
        this.activity = activity;
        this.root = root;
        this.controls = controls;
        this.retry = retry;
        text = (TextView) root.findViewById(R.id.permission_text);
        button = (Button) root.findViewById(R.id.permission_button);
        button.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                onButton();
            }
        });
    }

    /** Whether the app may use the camera now; the user can take the permission back at any time. */
    boolean isGiven() {
        return activity.checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED;
    }

    /** Asks for it if that was not done yet. */
    void askOnce() {
        if (!isGiven() && !asked) {
            ask();
        }
    }

    /**
     * Shows what is missing, or nothing.
     *
     * @param failure the string that says why the camera did not start; 0 where it did
     */
    void show(int failure) {
        boolean given = isGiven();
        boolean works = given && failure == 0;
        root.setVisibility(works ? View.GONE : View.VISIBLE);
        controls.setVisibility(works ? View.VISIBLE : View.GONE);
        text.setText(given && failure != 0 ? failure : R.string.permission_needed);
        button.setText(given ? R.string.try_again : mayAsk() ? R.string.permission_ask : R.string.permission_settings);
    }

    private void onButton() {
        if (isGiven()) {
            retry.run();
        } else if (mayAsk()) {
            ask();
        } else {
            activity.startActivity(new Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS,
                    Uri.fromParts("package", activity.getPackageName(), null)));
        }
    }

    private void ask() {
        asked = true;
        activity.requestPermissions(new String[] {Manifest.permission.CAMERA}, REQUEST);
    }

    /** Whether Android would show the question; after two denials it does not. */
    private boolean mayAsk() {
        return !asked || activity.shouldShowRequestPermissionRationale(Manifest.permission.CAMERA);
    }
}
